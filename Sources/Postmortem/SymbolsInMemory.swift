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
  /// - Parameters:
  ///   - start: where the image begins, which is where `_text` is.
  ///   - info: may say where the tables lie, which spares reading all of the constants.
  static func find(
    _ memory: any KernelMemory, _ mappings: any KernelMappings, imageStart start: KernelAddress, _ info: VMCoreInfo?
  ) throws(Withheld) -> SymbolTable {
    let what = "the dead kernel's symbols"
    if let told = info.flatMap(toldPlace), let symbols = try? symbols(memory, told, text: start.rawValue) {
      return symbols
    }
    let pages: [Page]
    do throws(CannotCheck) {
      pages = try mappings.pages(in: KernelImageSpace.region)
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

  /// Where VMCOREINFO puts the tables, with room on each side for those whose size it does not tell.
  ///
  /// Since Linux kernel commit f09bddbd8661 ("vmcoreinfo: add kallsyms_num_syms symbol") and the one before it (in v6.0).
  private static func toldPlace(_ info: VMCoreInfo) -> MemoryRegion? {
    let names = ["names", "num_syms", "token_table", "token_index", "offsets"]
    let places = names.compactMap { info.symbol("kallsyms_\($0)")?.rawValue }
    guard places.count == names.count, let first = places.min(), let last = places.max(), last - first <= mostTold
    else {
      return nil
    }
    return MemoryRegion(
      from: KernelAddress(first).aligned(downTo: 4096), to: KernelAddress(last &+ toldRoom).aligned(downTo: 4096))
  }

  /// How far apart the tables may be, and how far the last of them reaches, in bytes: the one that follows the others has
  /// seven bytes a symbol.
  private static let mostTold: UInt64 = 16 << 20
  private static let toldRoom: UInt64 = 4 << 20

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
