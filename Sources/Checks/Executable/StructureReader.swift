internal import KernelModel

/// Reads the kernel's structures by the names of their members, at one moment.
struct StructureReader {
  let facts: KernelFacts
  var live: LivePages { facts.live }

  func offset(_ member: String, in structure: String) throws(CannotCheck) -> UInt64 {
    try facts.offset(of: member, in: structure)
  }

  /// A member of eight bytes.
  func word(_ member: String, of structure: String, at address: UInt64) throws(CannotCheck) -> UInt64 {
    try value(UInt64.self, member, of: structure, at: address)
  }

  func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, _ member: String, of structure: String, at address: UInt64
  ) throws(CannotCheck) -> Value {
    try load(type, at: address &+ facts.offset(of: member, in: structure))
  }

  /// A variable, or nil if this kernel has none of that name.
  func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, of variable: String
  ) throws(CannotCheck) -> Value? {
    guard let address = facts.symbols[variable] else { return nil }
    return try load(type, at: address)
  }

  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: UInt64
  ) throws(CannotCheck) -> Value {
    try facts.load(type, at: address)
  }

  /// The structures of a list by the name of its head; none if this kernel has no such list.
  func list(
    at head: String, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [UInt64] {
    guard let address = facts.symbols[head] else { return [] }
    return try list(at: address, linkedBy: link, of: structure, limit: limit)
  }

  /// The structures of the list whose head is at `head`.
  func list(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [UInt64] {
    let offset = try facts.offset(of: link, in: structure)
    guard let nodes = live.list(at: head, limit: limit) else {
      throw .implausible(
        "the list of \(structure)s at \(KernelAddress(head))", "is broken, or changed while it was read")
    }
    return nodes.map { $0 &- offset }
  }
}
