internal import Glibc

/// All symbols of a kernel, found by address and by name.
///
/// One kernel has 100 000 to 250 000 symbols, so they are kept small: 16 bytes a symbol, 6 bytes of hash index, and the
/// names' own bytes in one array. A ``Symbol`` is made only for what somebody asks about.
package struct SymbolTable: Sendable {
  /// What is kept of one symbol: 16 bytes.
  fileprivate struct Entry {
    var address: UInt64
    var nameStart: UInt32
    /// From the lowest bit: 13 bits for the number of bytes of the name, 7 for the type, 12 for the module's number.
    var packed: UInt32

    init(address: UInt64, nameStart: UInt32, nameByteCount: Int, type: UInt8, moduleNumber: UInt16) {
      self.address = address
      self.nameStart = nameStart
      packed = UInt32(truncatingIfNeeded: nameByteCount) | UInt32(type & 0x7f) << 13 | UInt32(moduleNumber) << 20
    }

    var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(packed & 0x1fff) }
    var nameByteCount: Int { Int(packed & 0x1fff) }
    var type: UInt8 { UInt8(truncatingIfNeeded: packed >> 13) & 0x7f }
    var moduleNumber: Int { Int(packed >> 20) }

    /// By address, and at one address in the order in which the symbols were added.
    static func precedes(_ left: Entry, _ right: Entry) -> Bool {
      left.address == right.address ? left.nameStart < right.nameStart : left.address < right.address
    }
  }

  private var entries: [Entry]
  private let names: [UInt8]
  private let modules: [String]
  /// A hash table with one list for every 2 symbols: the lowest index of each list; `UInt32.max` is an empty list.
  private var listHeads: [UInt32] = []
  /// For each symbol, the next index of its list; `UInt32.max` ends it.
  ///
  /// Lists rather than open addressing: thousands of symbols share a name (`__func__.0`), and a suspect may list
  /// hundreds of thousands that do. Building must not take time that grows with their square.
  private var listLinks: [UInt32] = []

  /// The longest name the table keeps, in bytes.
  ///
  /// The kernel's own limit (KSYM_NAME_LEN) is 128 up to v6.0 and 512
  /// since Linux kernel commit b8a94bfb3395 ("kallsyms: increase maximum kernel symbol length to 512") (in v6.1).
  package static let longestName = 4096

  /// How many symbols of one address are compared to find the best name for it.
  ///
  /// A kernel has a few dozen aliases at most; a suspect may list hundreds of thousands.
  private static let mostRanked = 1024

  package static let empty = SymbolTable(Builder())

  /// How many symbols there are.
  package var count: Int { entries.count }

  /// The modules that symbols belong to, and the pseudo-modules of generated code.
  package var moduleNames: [String] { modules }

  /// Whether the kernel withheld the addresses: symbols are there, and every address is zero (`kptr_restrict`, or a
  /// reader without CAP_SYSLOG).
  package var addressesAreWithheld: Bool {
    !entries.isEmpty && entries.last?.address == 0
  }

  /// Bytes the table takes beyond the names' own bytes.
  package var overheadByteCount: Int {
    entries.count * MemoryLayout<Entry>.stride + (listHeads.count + listLinks.count) * 4
  }

  package init(_ builder: consuming Builder) {
    entries = builder.entries
    names = builder.names
    modules = builder.modules
    sortByAddress()
    (listHeads, listLinks) = nameIndex()
  }

  /// All symbols called exactly `name`, lowest address first; if there are none, the only one that link-time optimisation
  /// made of a `name`, see ``nameInSource(of:)``.
  package func symbols(named name: String) -> [Symbol] {
    let wanted = Array(name.utf8)
    let found = indices(ofName: wanted.span)
    if !found.exact.isEmpty { return found.exact.map { self[$0] } }
    return found.renamed.count == 1 ? found.renamed.map { self[$0] } : []
  }

  /// Where one of the kernel's own symbols lies, and what sets it apart from another of the same name.
  package struct Place: Hashable, Sendable {
    package var address: KernelAddress
    /// Up to the next symbol: its size and the padding behind it; nil for the last.
    package var byteCount: UInt64?
    /// As in ``Symbol/type``: which section it lies in.
    package var type: UInt8
  }

  /// Where the kernel's own symbols called `name` lie, found as by ``symbols(named:)``.
  package func places(ofKernels name: String) -> [Place] {
    var name = name
    let found = name.withUTF8 { indices(ofName: $0.span) { entries[$0].moduleNumber == 0 } }
    return (found.exact.isEmpty && found.renamed.count == 1 ? found.renamed : found.exact).map { index in
      let entry = entries[index]
      let next = upperBound(entry.address)
      return Place(
        address: KernelAddress(entry.address), byteCount: next < count ? entries[next].address - entry.address : nil,
        type: entry.type)
    }
  }

  /// Where the first of the kernel's own code symbols at or above `address` lies; nil if there is none.
  package func code(atOrAfter address: KernelAddress) -> KernelAddress? {
    for index in lowerBound(address.rawValue)..<count
    where Symbol.isText(entries[index].type) && entries[index].moduleNumber == 0 {
      return KernelAddress(entries[index].address)
    }
    return nil
  }

  /// Whether a function of the kernel's own starts at exactly `address`: something is named there that can be called.
  package func startsFunction(at address: KernelAddress) -> Bool {
    var index = lowerBound(address.rawValue)
    while index < count, entries[index].address == address.rawValue {
      let entry = entries[index]
      if Symbol.isText(entry.type), entry.moduleNumber == 0, names.span.extracting(entry.nameRange).namesFunction {
        return true
      }
      index += 1
    }
    return false
  }

  /// The name that a symbol has in the source: `tainted_mask` of `tainted_mask.llvm.8921463638014102906`.
  ///
  /// Clang's link-time optimisation gives what one file keeps to itself and another then refers to such a name (ThinLTO,
  /// `getGlobalNameForLocal` in llvm/IR/ModuleSummaryIndex.h, LLVM 19).
  package static func nameInSource(of name: String) -> String {
    guard name.utf8.last.map((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) == true else { return name }
    let bytes = Array(name.utf8)
    return String(decoding: bytes.prefix(bytes.span.lengthInSource), as: UTF8.self)
  }

  /// All symbols at exactly `address`: every alias counts.
  package func symbols(at address: KernelAddress) -> [Symbol] {
    var index = lowerBound(address.rawValue)
    var found: [Symbol] = []
    while index < count, entries[index].address == address.rawValue {
      found.append(self[index])
      index += 1
    }
    return found
  }

  /// The symbol whose address is the nearest at or below `address`.
  ///
  /// Of several at one address, code goes before data and a global name before a local one; of more than
  /// ``mostRanked``, only the last are compared.
  package func nearest(atOrBelow address: KernelAddress) -> Symbol? {
    let above = upperBound(address.rawValue)
    guard above > 0 else { return nil }
    let nearest = entries[above - 1].address
    var best = above - 1
    var index = above - 1
    while index >= max(above - Self.mostRanked, 0), entries[index].address == nearest {
      if rank(index) >= rank(best) { best = index }
      index -= 1
    }
    return self[best]
  }

  /// The first symbol above `address` that is not at `address`.
  package func next(above address: KernelAddress) -> Symbol? {
    let index = upperBound(address.rawValue)
    return index < count ? self[index] : nil
  }

  /// The symbols in `region`, lowest first, at most `limit` of them.
  package func symbols(in region: MemoryRegion, limit: Int) -> [Symbol] {
    var index = lowerBound(region.start.rawValue)
    var found: [Symbol] = []
    while index < count, found.count < limit, region.contains(KernelAddress(entries[index].address)) {
      found.append(self[index])
      index += 1
    }
    return found
  }

  /// All symbols whose name starts with `prefix`, lowest address first.
  package func symbols(withPrefix prefix: String) -> [Symbol] {
    let wanted = Array(prefix.utf8)
    let span = wanted.span
    return (0..<count).filter { starts($0, with: span) }.map { self[$0] }
  }

  /// Calls `body` with the name, the address and the type of each symbol of the kernel itself, lowest address first.
  package func forEach(_ body: (_ name: Span<UInt8>, _ address: UInt64, _ type: UInt8) -> Void) {
    let names = names.span
    for entry in entries where entry.moduleNumber == 0 {
      body(names.extracting(entry.nameRange), entry.address, entry.type)
    }
  }

  /// The kernel's own symbols, lowest address first, and at one address in the order in which they were added: to hold others
  /// against them one by one.
  package var ofTheKernel: OwnSymbols { OwnSymbols(table: self) }

  /// See ``SymbolTable/ofTheKernel``.
  package struct OwnSymbols {
    fileprivate let table: SymbolTable
    private var index = 0

    fileprivate init(table: SymbolTable) {
      self.table = table
      passOverModules()
    }

    /// Whether there is no further symbol.
    package var isAtEnd: Bool { index == table.count }

    /// Takes the next symbol.
    ///
    /// - Returns: whether it is of this name, address and type; false if there is none.
    package mutating func takeNext(_ name: Span<UInt8>, _ address: UInt64, _ type: UInt8) -> Bool {
      guard !isAtEnd else { return false }
      let entry = table.entries[index]
      index += 1
      passOverModules()
      return entry.address == address && entry.type == type && entry.nameByteCount == name.count
        && table.starts(entry, with: name)
    }

    private mutating func passOverModules() {
      while index < table.count, table.entries[index].moduleNumber != 0 { index += 1 }
    }
  }

  /// The symbols of modules and of generated code, lowest address first.
  package var ofModules: [Symbol] {
    entries.indices.filter { entries[$0].moduleNumber != 0 }.map { self[$0] }
  }

  /// Functions by which modules are loaded and held.
  ///
  /// Source: kernel/module/main.c (Linux v6.12; kernel/module.c in v5.10), which CONFIG_MODULES=n leaves out; all but the
  /// first are exported, so that no compiler drops them.
  package static let moduleLoader = ["load_module", "module_put", "try_module_get", "__module_get"]

  /// Whether the table has none of ``moduleLoader``; only of a table that is whole does that say that the kernel was built
  /// without.
  package var lacksModuleLoader: Bool {
    Self.moduleLoader.allSatisfy { name in
      !symbols(named: name).contains { $0.module == nil }
    }
  }

  /// Whether the table names data and not code alone (CONFIG_KALLSYMS_ALL), by data that every kernel has.
  ///
  /// Source: init/version.c, init/init_task.c, kernel/time/timer.c (Linux v5.10 to v7.2).
  package var namesData: Bool {
    ["linux_banner", "init_task", "jiffies_64"].contains { name in
      symbols(named: name).contains { $0.module == nil }
    }
  }

  private subscript(index: Int) -> Symbol {
    let entry = entries[index]
    let name = String(decoding: names[entry.nameRange], as: UTF8.self)
    let module = entry.moduleNumber == 0 ? nil : modules[entry.moduleNumber - 1]
    return Symbol(name: name, address: KernelAddress(entry.address), type: entry.type, module: module)
  }

  private func rank(_ index: Int) -> Int {
    let type = entries[index].type
    let isGlobal = type & 0x20 == 0
    return (Symbol.isText(type) ? 2 : 0) + (isGlobal ? 1 : 0)
  }
}

// MARK: - Search

extension SymbolTable {
  private func lowerBound(_ address: UInt64) -> Int {
    entries.partitionPoint { $0.address >= address }
  }

  private func upperBound(_ address: UInt64) -> Int {
    address == .max ? count : lowerBound(address + 1)
  }

  private func starts(_ index: Int, with prefix: borrowing Span<UInt8>) -> Bool { starts(entries[index], with: prefix) }

  fileprivate func starts(_ entry: Entry, with prefix: borrowing Span<UInt8>) -> Bool {
    guard entry.nameByteCount >= prefix.count else { return false }
    return prefix.withUnsafeBufferPointer { prefix in
      names.withUnsafeBufferPointer { names in
        guard let left = names.baseAddress, let right = prefix.baseAddress else { return prefix.isEmpty }
        return memcmp(left + Int(entry.nameStart), right, prefix.count) == 0
      }
    }
  }

  /// The symbols called `name`, and those that link-time optimisation made of a `name`, lowest first.
  ///
  /// - Parameter isWanted: which symbols count, by their index.
  private func indices(
    ofName name: borrowing Span<UInt8>, where isWanted: (Int) -> Bool = { _ in true }
  ) -> (exact: [Int], renamed: [Int]) {
    guard !listHeads.isEmpty else { return ([], []) }
    var found: (exact: [Int], renamed: [Int]) = ([], [])
    let allNames = names.span
    var index = listHeads[Self.list(ofHash: Self.hash(name), listCount: listHeads.count)]
    while index != .max {
      let candidate = Int(index)
      if starts(candidate, with: name), isWanted(candidate) {
        if entries[candidate].nameByteCount == name.count {
          found.exact.append(candidate)
        } else if allNames.extracting(entries[candidate].nameRange).lengthInSource == name.count {
          found.renamed.append(candidate)
        }
      }
      index = listLinks[candidate]
    }
    return found
  }

  /// A hash of the first and last eight bytes and the length of the name in the source.
  ///
  /// Cheap rather than thorough: there are 200 000 names to hash in every acquisition. Names that differ in the middle
  /// only share a list, which costs a longer look-up and nothing else.
  private static func hash(_ name: borrowing Span<UInt8>) -> UInt64 {
    let bytes = name.bytes
    let count = name.lengthInSource
    var first: UInt64 = 0
    var last: UInt64 = 0
    if count >= 8 {
      first = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
      last = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
    } else {
      for index in 0..<count { first = first << 8 | UInt64(name[unchecked: index]) }
    }
    let mixed = (first ^ UInt64(truncatingIfNeeded: count)) &* 0x9e37_79b9_7f4a_7c15 ^ last &* 0xc2b2_ae3d_27d4_eb4f
    return (mixed ^ mixed >> 29) &* 0xbf58_476d_1ce4_e5b9
  }

  private static func list(ofHash hash: UInt64, listCount: Int) -> Int {
    Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(listCount)).high)
  }

  /// Builds the lists from the last symbol to the first, so that each list runs from low to high.
  private func nameIndex() -> (heads: [UInt32], links: [UInt32]) {
    guard count > 0 else { return ([], []) }
    var heads = [UInt32](repeating: .max, count: count / 2 + 1)
    var links = [UInt32](repeating: .max, count: count)
    let allNames = names.span
    var index = count
    while index > 0 {
      index -= 1
      let name = allNames.extracting(entries[index].nameRange)
      let list = Self.list(ofHash: Self.hash(name), listCount: heads.count)
      links[index] = heads[list]
      heads[list] = UInt32(index)
    }
    return (heads, links)
  }

  /// Sorts the symbols by address; the order of equal addresses is kept.
  ///
  /// The kernel prints its own symbols in order and those of modules after them, so there is a long sorted run first:
  /// only what follows it is sorted, and merged with it.
  private mutating func sortByAddress() {
    guard let sortedCount = (1..<max(count, 1)).first(where: { entries[$0].address < entries[$0 - 1].address }) else {
      return
    }
    let rest = entries[sortedCount...].sorted(by: Entry.precedes)
    var merged: [Entry] = []
    merged.reserveCapacity(count)
    var head = 0
    for entry in rest {
      while head < sortedCount, entries[head].address <= entry.address {
        merged.append(entries[head])
        head += 1
      }
      merged.append(entry)
    }
    merged += entries[head..<sortedCount]
    entries = merged
  }
}

// MARK: - Building

extension SymbolTable {
  /// Collects symbols in any order; ``SymbolTable/init(_:)`` sorts and indexes them once.
  package struct Builder {
    fileprivate var entries: [Entry] = []
    fileprivate var names: [UInt8] = []
    fileprivate var modules: [String] = []
    private var numbersOfModules: [String: UInt16] = [:]

    /// Modules that can be told apart; a kernel has a few hundred at most.
    private static let mostModules = 4095

    package init() {}

    /// Makes room for `symbolCount` symbols whose names take `nameByteCount` bytes.
    package mutating func reserve(symbolCount: Int, nameByteCount: Int) {
      entries.reserveCapacity(symbolCount)
      names.reserveCapacity(nameByteCount)
    }

    /// The number that stands for `module` in ``add(name:address:type:moduleNumber:)``, or nil once 4095 modules have
    /// been named.
    package mutating func moduleNumber(for module: String) -> UInt16? {
      if let number = numbersOfModules[module] { return number }
      guard modules.count < Self.mostModules else { return nil }
      modules.append(module)
      numbersOfModules[module] = UInt16(modules.count)
      return UInt16(modules.count)
    }

    /// Adds one symbol; `moduleNumber` 0 is the kernel image, others come from ``moduleNumber(for:)``.
    ///
    /// - Returns: false, with nothing added, if the name is empty or longer than ``SymbolTable/longestName``, or the
    ///   table is full (4 GiB of names).
    @discardableResult
    package mutating func add(
      name: borrowing Span<UInt8>, address: UInt64, type: UInt8, moduleNumber: UInt16 = 0
    ) -> Bool {
      let count = name.count
      guard count > 0, count <= SymbolTable.longestName, names.count < Int(UInt32.max) - count,
        Int(moduleNumber) <= Self.mostModules
      else { return false }
      entries.append(
        Entry(
          address: address, nameStart: UInt32(names.count), nameByteCount: count, type: type,
          moduleNumber: moduleNumber))
      name.withUnsafeBufferPointer { names.append(contentsOf: $0) }
      return true
    }

    /// Adds a symbol that is already a value.
    @discardableResult
    package mutating func add(_ symbol: Symbol) -> Bool {
      let number: UInt16
      if let module = symbol.module {
        guard let known = moduleNumber(for: module) else { return false }
        number = known
      } else {
        number = 0
      }
      let name = Array(symbol.name.utf8)
      return add(name: name.span, address: symbol.address.rawValue, type: symbol.type, moduleNumber: number)
    }
  }
}
