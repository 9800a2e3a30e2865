/// All symbols of a kernel, found by address and by name.
///
/// One kernel has 100 000 to 250 000 symbols, so they are kept in columns: 17 bytes a symbol, 6 bytes of hash index,
/// and the names' own bytes in one array. A ``Symbol`` is made only for what somebody asks about.
package struct SymbolTable: Sendable {
  private var addresses: [UInt64]
  private var nameStarts: [UInt32]
  private var nameByteCounts: [UInt16]
  private var types: [UInt8]
  private var moduleNumbers: [UInt16]
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
  package var count: Int { addresses.count }

  /// Whether the kernel withheld the addresses: symbols are there, and every address is zero (`kptr_restrict`, or a
  /// reader without CAP_SYSLOG).
  package var addressesAreWithheld: Bool {
    !addresses.isEmpty && addresses.last == 0
  }

  /// Bytes the table takes beyond the names' own bytes.
  package var overheadByteCount: Int {
    addresses.count * (8 + 4 + 2 + 1 + 2) + (listHeads.count + listLinks.count) * 4
  }

  package init(_ builder: consuming Builder) {
    addresses = builder.addresses
    nameStarts = builder.nameStarts
    nameByteCounts = builder.nameByteCounts
    types = builder.types
    moduleNumbers = builder.moduleNumbers
    names = builder.names
    modules = builder.modules
    sortByAddress()
    (listHeads, listLinks) = nameIndex()
  }

  /// All symbols called exactly `name`, lowest address first.
  package func symbols(named name: String) -> [Symbol] {
    let wanted = Array(name.utf8)
    return indices(ofName: wanted.span).map { self[$0] }
  }

  /// All symbols at exactly `address`: every alias counts.
  package func symbols(at address: KernelAddress) -> [Symbol] {
    var index = lowerBound(address.rawValue)
    var found: [Symbol] = []
    while index < count, addresses[index] == address.rawValue {
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
    let nearest = addresses[above - 1]
    var best = above - 1
    var index = above - 1
    while index >= max(above - Self.mostRanked, 0), addresses[index] == nearest {
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
    while index < count, found.count < limit, region.contains(KernelAddress(addresses[index])) {
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

  private subscript(index: Int) -> Symbol {
    let start = Int(nameStarts[index])
    let name = String(decoding: names[start..<start + Int(nameByteCounts[index])], as: UTF8.self)
    let module = moduleNumbers[index] == 0 ? nil : modules[Int(moduleNumbers[index]) - 1]
    return Symbol(name: name, address: KernelAddress(addresses[index]), type: types[index], module: module)
  }

  private func rank(_ index: Int) -> Int {
    let type = types[index]
    let isGlobal = type & 0x20 == 0
    return (Symbol.isText(type) ? 2 : 0) + (isGlobal ? 1 : 0)
  }
}

// MARK: - Search

extension SymbolTable {
  private func lowerBound(_ address: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if addresses[middle] < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func upperBound(_ address: UInt64) -> Int {
    address == .max ? count : lowerBound(address + 1)
  }

  private func starts(_ index: Int, with prefix: borrowing Span<UInt8>) -> Bool {
    guard Int(nameByteCounts[index]) >= prefix.count else { return false }
    let start = Int(nameStarts[index])
    for position in 0..<prefix.count where names[start + position] != prefix[position] {
      return false
    }
    return true
  }

  /// The symbols called `name`, lowest first.
  private func indices(ofName name: borrowing Span<UInt8>) -> [Int] {
    guard !listHeads.isEmpty else { return [] }
    var found: [Int] = []
    var index = listHeads[Self.list(ofHash: Self.hash(name), listCount: listHeads.count)]
    while index != .max {
      let candidate = Int(index)
      if Int(nameByteCounts[candidate]) == name.count, starts(candidate, with: name) { found.append(candidate) }
      index = listLinks[candidate]
    }
    return found
  }

  /// A hash of the name's first and last eight bytes and its length.
  ///
  /// Cheap rather than thorough: there are 200 000 names to hash in every acquisition. Names that differ in the middle
  /// only share a list, which costs a longer look-up and nothing else.
  private static func hash(_ name: borrowing Span<UInt8>) -> UInt64 {
    let bytes = name.bytes
    let count = bytes.byteCount
    var first: UInt64 = 0
    var last: UInt64 = 0
    if count >= 8 {
      first = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
      last = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
    } else {
      for index in name.indices { first = first << 8 | UInt64(name[unchecked: index]) }
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
    for index in (0..<count).reversed() {
      let start = Int(nameStarts[index])
      let name = allNames.extracting(start..<start + Int(nameByteCounts[index]))
      let list = Self.list(ofHash: Self.hash(name), listCount: heads.count)
      links[index] = heads[list]
      heads[list] = UInt32(index)
    }
    return (heads, links)
  }

  /// Sorts the columns by address; the order of equal addresses is kept.
  ///
  /// The kernel prints its own symbols in order and those of modules after them, so there is a long sorted run first:
  /// only what follows it is sorted, and merged with it.
  private mutating func sortByAddress() {
    guard let sortedCount = (1..<max(count, 1)).first(where: { addresses[$0] < addresses[$0 - 1] }) else { return }
    let rest = (sortedCount..<count).sorted { (addresses[$0], $0) < (addresses[$1], $1) }
    var order: [Int] = []
    order.reserveCapacity(count)
    var head = 0
    for index in rest {
      while head < sortedCount, addresses[head] <= addresses[index] {
        order.append(head)
        head += 1
      }
      order.append(index)
    }
    order += head..<sortedCount
    addresses = order.map { addresses[$0] }
    nameStarts = order.map { nameStarts[$0] }
    nameByteCounts = order.map { nameByteCounts[$0] }
    types = order.map { types[$0] }
    moduleNumbers = order.map { moduleNumbers[$0] }
  }
}

// MARK: - Building

extension SymbolTable {
  /// Collects symbols in any order; ``SymbolTable/init(_:)`` sorts and indexes them once.
  package struct Builder {
    fileprivate var addresses: [UInt64] = []
    fileprivate var nameStarts: [UInt32] = []
    fileprivate var nameByteCounts: [UInt16] = []
    fileprivate var types: [UInt8] = []
    fileprivate var moduleNumbers: [UInt16] = []
    fileprivate var names: [UInt8] = []
    fileprivate var modules: [String] = []
    private var numbersOfModules: [String: UInt16] = [:]

    package init() {}

    /// Makes room for `symbolCount` symbols whose names take `nameByteCount` bytes.
    package mutating func reserve(symbolCount: Int, nameByteCount: Int) {
      addresses.reserveCapacity(symbolCount)
      nameStarts.reserveCapacity(symbolCount)
      nameByteCounts.reserveCapacity(symbolCount)
      types.reserveCapacity(symbolCount)
      moduleNumbers.reserveCapacity(symbolCount)
      names.reserveCapacity(nameByteCount)
    }

    /// The number that stands for `module` in ``add(name:address:type:moduleNumber:)``, or nil once 65 534 modules
    /// have been named, far more than a kernel can hold.
    package mutating func moduleNumber(for module: String) -> UInt16? {
      if let number = numbersOfModules[module] { return number }
      guard modules.count < Int(UInt16.max) - 1 else { return nil }
      modules.append(module)
      numbersOfModules[module] = UInt16(modules.count)
      return UInt16(modules.count)
    }

    /// Adds one symbol; `moduleNumber` 0 is the kernel image.
    ///
    /// - Returns: false, with nothing added, if the name is empty or longer than ``SymbolTable/longestName``, or the
    ///   table is full (4 GiB of names).
    @discardableResult
    package mutating func add(
      name: borrowing Span<UInt8>, address: UInt64, type: UInt8, moduleNumber: UInt16 = 0
    ) -> Bool {
      guard !name.isEmpty, name.count <= SymbolTable.longestName, names.count < Int(UInt32.max) - name.count else {
        return false
      }
      addresses.append(address)
      nameStarts.append(UInt32(names.count))
      nameByteCounts.append(UInt16(name.count))
      types.append(type)
      moduleNumbers.append(moduleNumber)
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
