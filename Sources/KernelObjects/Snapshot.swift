package import KernelFormats
package import KernelModel

/// The kernel's variables and structures at one moment, read by the names and types that somebody vouches for.
///
/// One snapshot is one moment: whoever wants to look again asks for another, ``reading(_:)``.
package final class Snapshot {
  package let symbols: SymbolIndex
  package let types: KernelTypes
  /// What was read of memory at this moment.
  package let live: LivePages

  package init(symbols: SymbolIndex, types: KernelTypes, live: LivePages) {
    self.symbols = symbols
    self.types = types
    self.live = live
  }

  /// What `kernel` holds, by the names and types of ``KernelStructures``.
  ///
  /// - Throws: if nothing says how its structures are laid out.
  package convenience init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures.reader
    self.init(symbols: structures.symbols, types: structures.types, live: LivePages(kernel.memory))
  }

  /// The same kernel at another moment.
  package func reading(_ memory: any KernelMemory) -> Snapshot {
    Snapshot(symbols: symbols, types: types, live: LivePages(memory))
  }

  package func offset(_ member: String, in structure: String) throws(CannotCheck) -> UInt64 {
    try types.offset(of: member, in: structure)
  }

  /// A member of eight bytes.
  @inlinable
  package func word(_ member: String, of structure: String, at address: UInt64) throws(CannotCheck) -> UInt64 {
    try value(UInt64.self, member, of: structure, at: address)
  }

  @inlinable
  package func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, _ member: String, of structure: String, at address: UInt64
  ) throws(CannotCheck) -> Value {
    try load(type, at: address &+ types.offset(of: member, in: structure))
  }

  /// A member that not every kernel has; nil where it is absent.
  @inlinable
  package func valueIfAny<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, _ member: String, of structure: String, at address: UInt64
  ) throws(CannotCheck) -> Value? {
    guard let offset = types.offsetIfAny(of: member, in: structure) else { return nil }
    return try load(type, at: address &+ offset)
  }

  /// A variable, or nil if this kernel has none of that name.
  @inlinable
  package func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, of variable: String
  ) throws(CannotCheck) -> Value? {
    guard let address = try symbols.addressIfAny(of: variable) else { return nil }
    return try load(type, at: address)
  }

  /// What `address` holds, or nil if it cannot be read.
  @inlinable
  package func word(at address: UInt64) -> UInt64? { live.value(UInt64.self, at: address) }

  @inlinable
  package func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: UInt64
  ) throws(CannotCheck) -> Value {
    if let value = live.value(type, at: address) { return value }
    throw .memoryUnreadable(live.latestFault ?? .absent(KernelAddress(address)))
  }

  /// A member of at most eight bytes that may be a bitfield, as an unsigned number, or nil if it cannot be read.
  package func number(_ member: BTF.Member, at address: UInt64) -> UInt64? {
    guard (1...8).contains(member.byteCount),
      let bytes = live.bytes(at: address &+ UInt64(member.byteOffset), count: member.byteCount)
    else { return nil }
    return member.bits(of: UInt64(littleEndianBytes: bytes))
  }

  /// The `count` bytes at `address`.
  package func bytes(at address: UInt64, count: Int) throws(CannotCheck) -> [UInt8] {
    if let bytes = live.bytes(at: address, count: count) { return bytes }
    throw .memoryUnreadable(live.latestFault ?? .absent(KernelAddress(address)))
  }
}

extension Snapshot {
  /// The NUL-terminated text at `address`, of at most 128 bytes.
  package func text(at address: UInt64) throws(CannotCheck) -> String {
    if let text = live.text(at: address) { return text }
    // What has no end can be read, all of it.
    _ = try bytes(at: address, count: LivePages.mostTextBytes)
    throw .torn("the text at \(KernelAddress(address))", "has no end")
  }
}
