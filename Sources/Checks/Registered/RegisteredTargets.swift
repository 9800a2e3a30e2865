internal import KernelModel
internal import KernelObjects

/// Whether what is registered leads to a function of somebody who may be there.
final class RegisteredTargets {
  /// Whose a function is.
  enum Standing: Hashable {
    case kernel
    case module(String)
    case generated
    /// A function of the kernel's that is needed while it boots only, in memory that was freed and cannot be executed.
    case freed
    case wrong
  }

  private let kernel: Kernel
  private let structures: KernelStructures
  private let ownership: CodeOwnership
  /// Memory that the vendor's image fills and nobody writes: kernel-text compares it.
  private let constants: Range<UInt64>
  private let writtenOnce: Range<UInt64>
  private let initialisation: Range<UInt64>
  /// Where functions lie by a module's own symbol table, lowest first.
  private var functions: [String: [Range<UInt64>]] = [:]
  private var known: [UInt64: Standing] = [:]

  /// Symbols of a module at most.
  private static let mostSymbols: UInt32 = 1 << 18

  init(_ kernel: Kernel, _ structures: KernelStructures) {
    self.kernel = kernel
    self.structures = structures
    let symbols = structures.reader.symbols
    ownership = CodeOwnership(kernel: kernel, symbols: symbols, text: structures.text)
    func range(_ first: String, _ last: String) -> Range<UInt64> {
      guard let start = symbols[first], let end = symbols[last], start < end else { return 0..<0 }
      return start..<end
    }
    constants = range("__start_rodata", "__end_rodata")
    writtenOnce = range("__start_ro_after_init", "__end_ro_after_init")
    initialisation = range("_sinittext", "_einittext")
  }

  /// Whether a table there is the vendor's, and constant.
  func isConstant(_ table: UInt64) -> Bool { constants.contains(table) && !writtenOnce.contains(table) }

  func standing(of word: RegisteredWord) -> Standing {
    guard !word.isGate else {
      return Machine.isGateTarget(word, structures.reader.symbols, kernel.mappings) ? .kernel : .wrong
    }
    return standing(ofFunction: word.value)
  }

  func standing(ofFunction address: UInt64) -> Standing {
    if let known = known[address] { return known }
    let standing = standing(of: address)
    // What nobody owns now may be a module's at the next look.
    if standing != .wrong { known[address] = standing }
    return standing
  }

  private func standing(of address: UInt64) -> Standing {
    switch ownership.standing(of: address) {
    case .kernelFunction: return .kernel
    case .insideKernelText: return .wrong
    case .generated: return .generated
    case .module(let name): return isInsideFunction(address, of: name) ? .wrong : .module(name)
    case .nobody:
      guard initialisation.contains(address), structures.reader.symbols.isFunctionStart(address),
        kernel.mappings.mapping(of: KernelAddress(address)).page?.isExecutable != true
      else { return .wrong }
      return .freed
    }
  }

  /// Whether an address is behind the start of a function that a module's own symbol table has.
  ///
  /// What no symbol covers may be a function: a vendor may take the names of those that others do not call out of a module's file.
  private func isInsideFunction(_ address: UInt64, of module: String) -> Bool {
    let known: [Range<UInt64>]
    if let before = functions[module] {
      known = before
    } else {
      known = (try? functions(of: module)) ?? []
      functions[module] = known
    }
    let index = known.partitionPoint { $0.lowerBound > address }
    guard index > 0, known[index - 1].lowerBound != address else { return false }
    return known[index - 1].contains(address)
  }

  private func functions(of name: String) throws(CannotCheck) -> [Range<UInt64>] {
    try structures.now { (reader) throws(CannotCheck) in
      var found: [Range<UInt64>] = []
      for module in try LiveModules.modules(named: name, reader) {
        guard let table = try ModuleSymbolTable(of: module, reader) else { continue }
        for index in table.indices(most: Self.mostSymbols) {
          let entry = try table.entry(index)
          guard let code = module.executable.first(where: { $0.contains(entry.address) }) else { continue }
          found.append(entry.address..<entry.address + min(entry.byteCount, code.upperBound - entry.address))
        }
      }
      return found.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    }
  }
}
