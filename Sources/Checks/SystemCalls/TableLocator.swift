internal import KernelFormats
internal import KernelModel

/// Finds a system call table: by name, by the reference in the entry code, or by content.
struct TableLocator {
  /// A table that was found, and how.
  struct Table {
    var abi: SystemCallABI
    var address: KernelAddress
    var entryCount: Int
    /// `found in kallsyms`, for the report.
    var howFound: String
    /// `up to the next symbol`, for the report.
    var howCounted: String
  }

  /// The most entries a table is believed to have.
  ///
  /// The largest has 548 (v5.10); a count beyond this limit
  /// comes from something that is no table.
  private static let mostEntries: UInt64 = 65536
  /// Alignment of objects in the kernel's read-only data: padding between two of them is shorter.
  private static let alignment: UInt64 = 64

  let kernel: Kernel
  let abi: SystemCallABI
  let entryCode: Machine.EntryCode

  /// The table, or nil if this kernel has none for this interface.
  ///
  /// - Throws: if there should be one and it cannot be found, or what is found makes no sense.
  func locate() throws(CannotCheck) -> Table? {
    if let symbol = try symbol() {
      return try table(at: symbol, howFound: "in kallsyms")
    }
    if abi.sharesEntryCode, entryCode.tables.count < 2 { return nil }
    if entryCode.tables.count == 1, let address = entryCode.tables.first, isInImage(address) {
      return try table(at: address, howFound: "by the reference in \(entryCode.functions.joined(separator: ", "))")
    }
    if !abi.isNative, entryCode.functions.isEmpty || entryCode.dispatcher != nil {
      return nil
    }
    guard let address = try TableSearch(kernel: kernel, abi: abi).find() else {
      throw .symbolMissing(abi.table)
    }
    return try table(at: address, howFound: "by its content, because kallsyms does not name it")
  }

  private func symbol() throws(CannotCheck) -> KernelAddress? {
    do throws(CannotCheck) {
      return try kernel.address(of: abi.table)
    } catch .symbolMissing {
      return nil
    }
  }

  private func isInImage(_ address: KernelAddress) -> Bool {
    kernel.image.map { $0.contains(address) } ?? address.isInKernelHalf
  }

  private func table(at address: KernelAddress, howFound: String) throws(CannotCheck) -> Table {
    guard address.isInKernelHalf, address.rawValue % 8 == 0 else {
      throw .implausible(abi.table, "is said to be at \(address), which is no place for a table of pointers")
    }
    if let image = kernel.image, !image.contains(address) {
      throw .implausible(abi.table, "is said to be at \(address), outside the kernel image \(image)")
    }
    let (count, how) = try entryCount(of: address)
    return Table(abi: abi, address: address, entryCount: count, howFound: howFound, howCounted: how)
  }

  /// Derives the number of entries: from the limit in the entry code where that fits what follows the table, else
  /// from where the pointers end.
  private func entryCount(of address: KernelAddress) throws(CannotCheck) -> (Int, String) {
    let next = kernel.symbols.next(above: address)
    let room = next?.address.offset(from: address).map { $0 / 8 } ?? Self.mostEntries
    guard room > 0 else { throw .implausible(abi.table, "has no room for an entry before the next symbol") }
    let isNamed = !kernel.symbols.symbols(at: address).isEmpty
    if isNamed, room > Self.mostEntries {
      throw .implausible(abi.table, "would have \(room) entries up to the next symbol, more than any table has")
    }
    let ceiling = min(room, Self.mostEntries)
    let fitting = entryCode.limits.filter { $0 > 0 && $0 <= ceiling && ceiling - $0 < Self.alignment / 8 }
    if isNamed, let limit = fitting.max() {
      return (Int(limit), "by the limit in \(entryCode.functions.joined(separator: ", "))")
    }
    let pointers = try readPointers(at: address, upTo: Int(min(ceiling, 1024)))
    let used = pointers.lastIndex { $0.isInKernelHalf }.map { $0 + 1 } ?? 0
    if isNamed, room <= 1024 {
      guard used > 0 else { throw .implausible(abi.table, "holds no pointer into the kernel") }
      return (max(used, Int(ceiling) - Int(Self.alignment / 8) + 1), "up to the next symbol, \(next?.name ?? "")")
    }
    let run = pointers.firstIndex { !$0.isInKernelHalf && $0.rawValue != 0 } ?? used
    let limit = entryCode.limits.filter { $0 >= 64 && $0 <= UInt64(used) }.max()
    guard let count = limit.map(Int.init) ?? (run > 0 ? handlerRun(pointers.prefix(run)) : nil), count > 0 else {
      throw .implausible(abi.table, "holds no pointer into the kernel")
    }
    return (count, limit == nil ? "as far as handlers stand in it" : "by a limit in the entry code")
  }

  /// The length of the prefix of `pointers` that ends with the last system call handler.
  private func handlerRun(_ pointers: ArraySlice<KernelAddress>) -> Int {
    let last = pointers.lastIndex { pointer in
      kernel.symbols.symbols(at: pointer).contains { abi.call(handledBy: $0.name) != nil }
    }
    return last.map { $0 + 1 } ?? 0
  }

  private func readPointers(at address: KernelAddress, upTo count: Int) throws(CannotCheck) -> [KernelAddress] {
    do throws(MemoryFault) {
      return try kernel.memory.pointers(at: address, count: count)
    } catch {
      throw .memoryUnreadable(error)
    }
  }
}
