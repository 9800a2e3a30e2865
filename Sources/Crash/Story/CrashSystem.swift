package import KernelFormats
package import KernelModel
package import KernelObjects

/// The state of a dead kernel, and what its log says of its death.
package struct CrashSystem: Sendable {
  /// The log in memory, or why it cannot be read.
  package var log: Result<KernelLog, CannotCheck>
  /// What went wrong, by its log: what the kernel died of, and not what only came of it; nil if that says nothing.
  package var trouble: OopsText?
  /// What that comes to.
  package var tale: OopsTale?
  /// The last report: what the kernel died with, on which processor and in which task.
  package var end: OopsText?
  /// The taint mask in memory; nil if it cannot be read.
  package var taint: UInt64?
  /// The modules on the kernel's list.
  package var modules: [ModuleClaim]
  package var unloaded: UnloadedModules?
  /// Where the trouble arose, by memory and not by what the log calls it: an address, and whose it is.
  package var guilty: Guilt?
  /// The address that the stack protector reported, explained; nil if it did not report one.
  package var stackGuard: StackGuardReport?
  /// The numbers of tasks that the log calls blocked.
  package var hungTasks: [Int32]

  package struct Guilt: Hashable, Sendable {
    package var address: KernelAddress
    package var owner: Owner
    package var place: Place? { owner.place }
  }

  init(_ kernel: Kernel, _ reader: Result<Snapshot, CannotCheck>) {
    log = Result { () throws(CannotCheck) in try KernelLog(try reader.get()) }
    let lines = ((try? log.get())?.records ?? []).flatMap { record in
      record.text.split(separator: UInt8(ascii: "\n")).map { OopsLine($0) }
    }
    let reports = OopsText.all(in: lines)
    trouble = OopsText.decisive(among: reports)
    tale = trouble.map { OopsTale($0, among: reports) }
    end = OopsText.last(among: reports)
    taint = (try? reader.get()).flatMap { reader in (try? reader.value(UInt64.self, of: "tainted_mask")) ?? nil }
    modules = (try? kernel.claims.loadedModules.get()) ?? []
    unloaded = (try? reader.get()).flatMap { try? UnloadedModules($0) }
    guilty = trouble.flatMap { Self.guilt($0, kernel) }
    if case .stackProtector = trouble?.kind, let guilty, let reader = try? reader.get() {
      stackGuard = StackGuardReport(guilty.address, kernel, reader)
    }
    hungTasks = lines.compactMap { Self.hungTask($0.text) }
  }

  /// Whether the processor was sent to where there is no code.
  package var isAtUnmappedCode: Bool {
    if case .nobody(.unmapped) = guilty?.owner { true } else { false }
  }

  private static func guilt(_ trouble: OopsText, _ kernel: Kernel) -> Guilt? {
    if case .stackProtector(let place) = trouble.kind {
      return place.flatMap { address(of: $0, kernel) }.map { Guilt(address: $0, owner: kernel.owner(ofReturnTo: $0)) }
    }
    guard trouble.kind.isException else { return nil }
    return trouble.instructionPointer.flatMap { address(of: $0, kernel) }.map {
      Guilt(address: $0, owner: kernel.owner(of: $0))
    }
  }

  /// Where a place of the log lies; nil if no symbol of that name is there, or several.
  private static func address(of place: OopsPlace, _ kernel: Kernel) -> KernelAddress? {
    switch place {
    case .address(let address): return address
    case .named(let place, _):
      let symbols = kernel.symbols.symbols(named: place.symbol).filter { $0.module == place.module }
      guard symbols.count == 1 else { return nil }
      return symbols[0].address.advanced(by: place.offset)
    }
  }

  /// `INFO: task NAME:PID blocked for more than N seconds.`: check_hung_task, kernel/hung_task.c (Linux v5.10 to v7.2).
  private static func hungTask(_ line: ArraySlice<UInt8>) -> Int32? {
    let text = String(decoding: line.prefix(256), as: UTF8.self)
    guard text.hasPrefix("INFO: task "), let end = text.firstRange(of: " blocked for more than ") else { return nil }
    return text[..<end.lowerBound].split(separator: ":").last.flatMap { Int32($0) }
  }
}
