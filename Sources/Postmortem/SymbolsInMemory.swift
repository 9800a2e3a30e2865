internal import KernelFormats
internal import KernelModel

/// The symbols that a dead kernel's own constants hold.
enum SymbolsInMemory {
  /// Constants of one kernel, at most, in bytes.
  private static let mostBytes: UInt64 = 64 << 20
  /// Runs of constants that are tried, the largest first.
  private static let mostRuns = 16

  /// Finds the tables of kernel/kallsyms.c among the pages of the image that are neither writable nor executable.
  ///
  /// - Parameter start: where the image begins, which is where `_text` is.
  static func find(
    _ memory: any KernelMemory, _ mappings: any KernelMappings, imageStart start: KernelAddress
  ) throws(Withheld) -> SymbolTable {
    let what = "the dead kernel's symbols"
    let pages: [Page]
    do throws(CannotCheck) {
      pages = try mappings.pages(
        in: MemoryRegion(start: KernelAddress(KernelRoot.kernelMapStart), byteCount: KernelRoot.kernelMapByteCount))
    } catch {
      throw Withheld(what, why: "its page tables cannot be walked: \(error)")
    }
    var reasons: [String] = []
    for run in constants(pages).sorted(by: { $0.byteCount > $1.byteCount }).prefix(mostRuns) {
      do throws(Withheld) {
        return try symbols(memory, run, text: start.rawValue)
      } catch {
        reasons.append(error.why)
      }
    }
    throw Withheld(
      what, why: reasons.isEmpty ? "the image has no constants" : reasons.joined(separator: "; "),
      remedy: "use a dump that has the kernel's read-only data; makedumpfile leaves it in")
  }

  /// Runs of pages that hold constants.
  private static func constants(_ pages: [Page]) -> [MemoryRegion] {
    var runs: [MemoryRegion] = []
    for page in pages where !page.isWritable && !page.isExecutable {
      if let last = runs.last, last.end == page.region.start {
        runs[runs.count - 1] = MemoryRegion(start: last.start, byteCount: last.byteCount + page.region.byteCount)
      } else {
        runs.append(page.region)
      }
    }
    return runs
  }

  private static func symbols(
    _ memory: any KernelMemory, _ run: MemoryRegion, text: UInt64
  ) throws(Withheld) -> SymbolTable {
    let what = "symbols at \(run)"
    let bytes: [UInt8]
    do throws(MemoryFault) {
      bytes = try memory.bytes(at: run.start, count: Int(min(run.byteCount, mostBytes)))
    } catch {
      throw Withheld(what, why: "the constants at \(run.start): \(error)")
    }
    return try bytes.withUnsafeBytes { raw in
      Result { () throws(Withheld) in
        do throws(ImageKallsymsError) {
          return try ImageKallsyms(raw, at: run.start.rawValue, text: text).symbolTable()
        } catch {
          throw Withheld(what, why: "the constants at \(run.start): \(error)")
        }
      }
    }.get()
  }
}
