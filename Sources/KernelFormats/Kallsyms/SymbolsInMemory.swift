package import KernelModel

/// The symbols that a kernel's own constants hold.
package enum SymbolsInMemory {
  /// Constants of one kernel, at most, in bytes.
  private static let mostBytes: UInt64 = 64 << 20
  /// Runs of constants that are tried, the largest first.
  private static let mostRuns = 16

  /// What `use` makes of the tables of kernel/kallsyms.c, found among the pages of the image that are neither writable nor
  /// executable; if they are not there, among the others too.
  ///
  /// A page whose permissions were changed is for a check to find, and keeps no other question from being asked.
  ///
  /// - Parameters:
  ///   - start: where the image begins, which is where `_text` is.
  ///   - info: may say where the tables lie, which spares reading all of the constants.
  package static func find<Value>(
    _ memory: any KernelMemory, _ mappings: any KernelMappings, imageStart start: KernelAddress, _ info: VMCoreInfo?,
    _ use: (ImageKallsyms) -> Value
  ) throws(Withheld) -> Value {
    let told = info.flatMap(toldPlace)
    // Whoever forges what VMCOREINFO tells has to put his tables where he can write.
    let isConstant = told.map { isReadOnly($0, mappings) } ?? false
    if let told, isConstant, let value = try? symbols(memory, told, text: start.rawValue, use) { return value }
    var reasons: [String] = []
    var pages: [Page] = []
    do throws(CannotCheck) {
      pages = try mappings.pages(in: Machine.imageSpace)
    } catch {
      reasons.append("its page tables cannot be walked: \(error)")
    }
    var tried: Set<MemoryRegion> = []
    func search(_ pages: [Page]) -> Value? {
      for run in pages.map(\.region).runs().sorted(by: { $0.byteCount > $1.byteCount }).prefix(mostRuns)
      where tried.insert(run).inserted {
        do throws(Withheld) {
          return try symbols(memory, run, text: start.rawValue, use)
        } catch {
          reasons.append(error.why)
        }
      }
      return nil
    }
    if let value = search(pages.filter { !$0.isWritable && !$0.isExecutable }) { return value }
    if let told, !isConstant, let value = try? symbols(memory, told, text: start.rawValue, use) { return value }
    if let value = search(pages.filter { !$0.isExecutable }) ?? search(pages) { return value }
    throw Withheld(
      "the kernel's own table of symbols",
      why: reasons.isEmpty ? "the image has no constants" : reasons.joined(separator: "; "))
  }

  private static func isReadOnly(_ region: MemoryRegion, _ mappings: any KernelMappings) -> Bool {
    guard let pages = try? mappings.pages(in: region) else { return false }
    return !pages.isEmpty && pages.allSatisfy { !$0.isWritable }
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
      from: KernelAddress(first).pageStart, to: KernelAddress(last &+ toldRoom).pageStart)
  }

  /// How far apart the tables may be, and how far the last of them reaches, in bytes: the one that follows the others has
  /// seven bytes a symbol.
  private static let mostTold: UInt64 = 16 << 20
  private static let toldRoom: UInt64 = 4 << 20

  /// What `use` makes of the tables in `run`.
  package static func symbols<Value>(
    _ memory: any KernelMemory, _ run: MemoryRegion, text: UInt64, _ use: (ImageKallsyms) -> Value
  ) throws(Withheld) -> Value {
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
          return use(try ImageKallsyms(raw, at: run.start.rawValue, text: text))
        } catch {
          throw Withheld(what, why: "the constants at \(run.start): \(error)")
        }
      }
    }.get()
  }
}
