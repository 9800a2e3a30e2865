package import KernelModel

/// Reads the kernel's variables and structures by name, at one moment.
package struct StructureReader {
  package let symbols: any SymbolLookup
  package let types: KernelTypes
  /// What was read of memory at this moment.
  package let live: LivePages

  package init(symbols: any SymbolLookup, types: KernelTypes, live: LivePages) {
    self.symbols = symbols
    self.types = types
    self.live = live
  }

  /// The same kernel at another moment.
  package func reading(_ memory: any KernelMemory) -> StructureReader {
    StructureReader(symbols: symbols, types: types, live: LivePages(memory))
  }

  package func offset(_ member: String, in structure: String) throws(CannotCheck) -> UInt64 {
    try types.offset(of: member, in: structure)
  }

  /// A member of eight bytes.
  package func word(_ member: String, of structure: String, at address: UInt64) throws(CannotCheck) -> UInt64 {
    try value(UInt64.self, member, of: structure, at: address)
  }

  package func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, _ member: String, of structure: String, at address: UInt64
  ) throws(CannotCheck) -> Value {
    try load(type, at: address &+ types.offset(of: member, in: structure))
  }

  /// A member that not every kernel has; nil where it is absent.
  package func valueIfAny<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, _ member: String, of structure: String, at address: UInt64
  ) throws(CannotCheck) -> Value? {
    guard let offset = types.offsetIfAny(of: member, in: structure) else { return nil }
    return try load(type, at: address &+ offset)
  }

  /// A variable, or nil if this kernel has none of that name.
  package func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, of variable: String
  ) throws(CannotCheck) -> Value? {
    guard let address = symbols[variable] else { return nil }
    return try load(type, at: address)
  }

  package func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: UInt64
  ) throws(CannotCheck) -> Value {
    guard let value = live.value(type, at: address) else {
      throw .memoryUnreadable(live.fault ?? .absent(KernelAddress(address)))
    }
    return value
  }

  /// The structures of a list by the name of its head; none if this kernel has no such list.
  package func list(
    at head: String, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [UInt64] {
    guard let address = symbols[head] else { return [] }
    return try list(at: address, linkedBy: link, of: structure, limit: limit)
  }

  /// The structures of the list whose head is at `head`.
  package func list(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [UInt64] {
    let offset = try types.offset(of: link, in: structure)
    let faults = live.latestFault?.count
    guard let nodes = live.list(at: head, limit: limit) else {
      if let latest = live.latestFault, latest.count != faults { throw .memoryUnreadable(latest.fault) }
      throw .implausible(
        "the list of \(structure)s at \(KernelAddress(head))", "is broken, or changed while it was read")
    }
    return nodes.map { $0 &- offset }
  }
}
