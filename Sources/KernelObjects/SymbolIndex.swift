package import KernelModel

/// Where the kernel's own functions and variables lie, by name, and whose word that is.
///
/// That a kernel has no symbol of a name, that it has several, and that nobody can tell are different answers: a check that
/// takes the last for the first calls clear what it did not look at.
package struct SymbolIndex: Sendable {
  /// Whose word the addresses are.
  package enum Source: Hashable, Sendable {
    /// The vendor's kernel image, and its file.
    case vendorImage(String)
    /// The table that the kernel itself holds in memory.
    case memory
    /// `/proc/kallsyms`: the suspect's word.
    case kallsyms
  }

  /// What is known of a name.
  package enum Answer: Hashable, Sendable {
    case found(SymbolTable.Place)
    /// The kernel has none, or was built without.
    case absent
    /// There are several, at different addresses.
    case ambiguous([SymbolTable.Place])
    /// Nobody can tell, and why.
    case unknown(CannotCheck)
  }

  package let source: Source
  /// Whether the kernel was built without loadable modules, so that it lacks what modules are found by.
  package let isBuiltWithoutModules: Bool
  private let table: SymbolTable
  /// Why a name that the table lacks may be the kernel's all the same; nil if it cannot.
  private let gap: Gap?

  private enum Gap {
    case addressesWithheld
    /// A part of the table is missing.
    case incomplete
    /// It names code alone (CONFIG_KALLSYMS_ALL is not set).
    case namesNoData
  }

  /// - Parameter table: all that the file has, where they lie in the running kernel.
  package init(_ table: SymbolTable, of file: String) {
    self.table = table
    source = .vendorImage(file)
    isBuiltWithoutModules = table.lacksModuleLoader
    gap = table.namesData ? nil : .namesNoData
  }

  /// By what the kernel says of itself, where there is no vendor's image.
  package init(of kernel: Kernel) {
    table = kernel.symbols
    source = kernel.symbolsAreWhole ? .memory : .kallsyms
    isBuiltWithoutModules = kernel.isBuiltWithoutModules
    gap =
      if table.addressesAreWithheld {
        .addressesWithheld
      } else if !kernel.symbolsAreWhole {
        .incomplete
      } else {
        table.namesData ? nil : .namesNoData
      }
  }

  private init(_ table: SymbolTable, _ other: SymbolIndex) {
    self.table = table
    source = other.source
    isBuiltWithoutModules = other.isBuiltWithoutModules
    gap = table.namesData ? nil : .namesNoData
  }

  /// The same with all of `table`, which has these symbols and the variables that they leave out.
  func completed(by table: SymbolTable) -> SymbolIndex { SymbolIndex(table, self) }

  /// Whether it names data and not code alone.
  var namesData: Bool { table.namesData }

  /// What is known of the kernel's own `name`.
  ///
  /// - Parameter fits: whether a symbol may be the one that is meant, where several bear the name.
  package func lookUp(_ name: String, where fits: (SymbolTable.Place) -> Bool = { _ in true }) -> Answer {
    if case .addressesWithheld = gap { return .unknown(.symbolsWithheld) }
    let places = table.places(ofKernels: name).filter(fits)
    guard let first = places.first else {
      return switch gap {
      case nil: .absent
      case .namesNoData: .unknown(.withheld(Self.namesNoData))
      case .incomplete, .addressesWithheld: .unknown(.symbolMissing(name))
      }
    }
    return places.allSatisfy { $0.address == first.address } ? .found(first) : .ambiguous(places)
  }

  /// The address of the kernel's own `name`, or nil if it has none: whoever asks can do without.
  ///
  /// - Throws: if there are several, or nobody can tell.
  package func addressIfAny(
    of name: String, where fits: (SymbolTable.Place) -> Bool = { _ in true }
  ) throws(CannotCheck) -> UInt64? {
    switch lookUp(name, where: fits) {
    case .found(let place): place.address.rawValue
    case .absent: nil
    case .ambiguous(let places): throw .symbolAmbiguous(name, count: places.count)
    case .unknown(let reason): throw reason
    }
  }

  /// The address of the kernel's own `name`.
  ///
  /// - Throws: if there is none, there are several, or nobody can tell.
  package func address(
    of name: String, where fits: (SymbolTable.Place) -> Bool = { _ in true }
  ) throws(CannotCheck) -> UInt64 {
    guard let address = try addressIfAny(of: name, where: fits) else { throw .symbolMissing(name) }
    return address
  }

  /// The address of the kernel's own `name`, or nil if there is not just one: for whom *absent* and *unknown* come to the
  /// same, because what he does without it claims nothing.
  package subscript(name: String) -> UInt64? {
    if case .found(let place) = lookUp(name) { place.address.rawValue } else { nil }
  }

  /// The first function start at or after `address`, and nil after the last.
  package func functionStart(atOrAfter address: UInt64) -> UInt64? {
    table.code(atOrAfter: KernelAddress(address))?.rawValue
  }

  /// Whether a function of the kernel starts at exactly `address`.
  package func isFunctionStart(_ address: UInt64) -> Bool { table.startsFunction(at: KernelAddress(address)) }

  /// What the kernel's own code at exactly `address` is called.
  package func functions(at address: UInt64) -> [String] {
    table.symbols(at: KernelAddress(address)).filter { $0.module == nil && $0.isText }.map(\.name)
  }

  /// From the last of the kernel's own symbols at or below `address` up to the next: what a variable or a table may take; nil if
  /// the address lies between no two.
  package func object(around address: UInt64) -> Range<UInt64>? {
    guard let symbol = table.nearest(atOrBelow: KernelAddress(address)), symbol.module == nil,
      let end = table.next(above: KernelAddress(address)), end.address > symbol.address
    else { return nil }
    return symbol.address.rawValue..<end.address.rawValue
  }

  /// Where the code of the function called `name` lies: up to where the next one starts; nil if there is none of that name.
  package func code(of name: String) -> Range<UInt64>? {
    guard let start = self[name], let end = functionStart(atOrAfter: start &+ 1), end > start else { return nil }
    return start..<end
  }

  /// The kernel's own symbols whose name starts with `prefix`, lowest address first.
  package func symbols(withPrefix prefix: String) -> [Symbol] {
    table.symbols(withPrefix: prefix).filter { $0.module == nil }
  }

  /// Why the kernel's own symbols say nothing of data.
  package static let namesNoData = Withheld(
    "the kernel's variables", why: "its own symbols name no data (CONFIG_KALLSYMS_ALL)",
    remedy: broughtNames)

  /// What names the variables that a kernel does not name itself.
  private static let broughtNames =
    "give the System.map of this build, or its vmlinux with symbols, with --reference: beside the kernel image, or where "
    + "that is installed"
}
