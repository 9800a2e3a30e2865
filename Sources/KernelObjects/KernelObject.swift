package import KernelFormats
package import KernelModel

/// A structure in the kernel's memory at one moment: where it lies, and how it is laid out.
///
/// drgn's word is the same.
///
/// ```swift
/// let task = try snapshot.object("task_struct", at: address)
/// let pid: Int32 = try task["pid"]
/// let stackPointer: UInt64 = try task["thread.sp"]
/// let signal = try task.target("signal")
/// ```
///
/// Nothing is read of memory before a member is asked for. What can go wrong is a case of ``CannotCheck``: this kernel has no
/// such member, or what it holds cannot be read, and where. A path is as ``BTF/Structure/member(_:)`` takes it; of an array, its
/// first element is meant.
package struct KernelObject {
  package let address: UInt64
  package let type: KernelType
  package let snapshot: Snapshot

  @inlinable
  package init(_ type: KernelType, at address: UInt64, _ snapshot: Snapshot) {
    self.address = address
    self.type = type
    self.snapshot = snapshot
  }

  // MARK: Numbers and pointers

  /// The number or pointer that a member holds.
  ///
  /// A narrower member, or a bitfield, is widened as C does. A wider one is of another kernel than the caller knows: as good as
  /// none.
  @inlinable
  package subscript<Value: FixedWidthInteger & BitwiseCopyable>(path: String) -> Value {
    get throws(CannotCheck) { try value(type.member(path), path) }
  }

  /// The number or pointer that a member holds, or nil if this kernel has no such member.
  @inlinable
  package func valueIfAny<Value: FixedWidthInteger & BitwiseCopyable>(
    _ path: String, as type: Value.Type = UInt64.self
  ) throws(CannotCheck) -> Value? {
    guard let member = self.type.memberIfAny(path) else { return nil }
    return try value(member, path)
  }

  @inlinable
  func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ member: BTF.Member, _ path: String
  ) throws(CannotCheck) -> Value {
    if member.bitCount == nil, member.elementByteCount == MemoryLayout<Value>.size {
      return try snapshot.load(Value.self, at: address &+ UInt64(member.byteOffset))
    }
    return try widened(member, path)
  }

  @usableFromInline
  func widened<Value: FixedWidthInteger>(_ member: BTF.Member, _ path: String) throws(CannotCheck) -> Value {
    let bitCount = member.bitCount ?? member.elementByteCount * 8
    guard (1...8).contains(member.elementByteCount), bitCount <= Value.bitWidth else {
      throw .layoutUnknown(structure: type.name, member: path)
    }
    let whole = UInt64(
      littleEndianBytes: try snapshot.bytes(
        at: address &+ UInt64(member.byteOffset), count: member.elementByteCount))
    let number = member.bits(of: whole)
    guard member.isSigned, bitCount < 64 else { return Value(truncatingIfNeeded: number) }
    let unused = UInt64(64 - bitCount)
    return Value(truncatingIfNeeded: Int64(bitPattern: number << unused) >> unused)
  }

  // MARK: Places, text and other objects

  /// Whether this kernel's structure has a member.
  package func has(_ path: String) -> Bool { type.memberIfAny(path) != nil }

  /// Where a member lies.
  package func address(of path: String) throws(CannotCheck) -> UInt64 {
    address &+ UInt64(try type.member(path).byteOffset)
  }

  /// The NUL-terminated text that begins at a member, of at most 128 bytes.
  package func text(_ path: String) throws(CannotCheck) -> String { try snapshot.text(at: address(of: path)) }

  /// A structure within this one: a member that is one, or one of those that an array has.
  ///
  /// - Throws: if there is no such member, or it is no structure, or the array is shorter; one that takes what room there is
  ///   behind the structure has no length.
  package func member(_ path: String, _ index: Int = 0) throws(CannotCheck) -> KernelObject {
    let member = try type.member(path)
    let count = member.elementCount ?? 1
    guard let target = type.target(of: path), !target.isPointer, index >= 0, index < count || count == 0 else {
      throw .layoutUnknown(structure: type.name, member: path)
    }
    return KernelObject(
      snapshot.types.type(target.structure, named: "\(type.name).\(path)"),
      at: address &+ UInt64(member.byteOffset) &+ UInt64(index) &* UInt64(member.elementByteCount), snapshot)
  }

  /// The structure that a pointer leads to, or nil for NULL.
  ///
  /// - Parameter structure: what it is, where the pointer's own type does not say.
  package func target(_ path: String, as structure: String? = nil) throws(CannotCheck) -> KernelObject? {
    let type: KernelType
    if let structure {
      type = try snapshot.types.type(structure)
    } else {
      guard let target = self.type.target(of: path), target.isPointer else {
        throw .layoutUnknown(structure: self.type.name, member: path)
      }
      type = snapshot.types.type(target.structure, named: "\(self.type.name).\(path)")
    }
    let address: UInt64 = try self[path]
    return address == 0 ? nil : KernelObject(type, at: address, snapshot)
  }

  /// The structure that has this one as a member: the kernel's `container_of`.
  package func container(_ structure: String, member path: String) throws(CannotCheck) -> KernelObject {
    let type = try snapshot.types.type(structure)
    return KernelObject(type, at: address &- UInt64(try type.member(path).byteOffset), snapshot)
  }
}

extension Snapshot {
  /// The structure at an address.
  package func object(_ structure: String, at address: UInt64) throws(CannotCheck) -> KernelObject {
    KernelObject(try types.type(structure), at: address, self)
  }

  /// The structure that a variable is, or nil if this kernel has no such variable.
  package func object(_ structure: String, named variable: String) throws(CannotCheck) -> KernelObject? {
    guard let address = try symbols.addressIfAny(of: variable) else { return nil }
    return try object(structure, at: address)
  }

  /// The structure that a variable points to, or nil for NULL, or if this kernel has no such variable.
  package func target(_ structure: String, of variable: String) throws(CannotCheck) -> KernelObject? {
    guard let address = try value(UInt64.self, of: variable), address != 0 else { return nil }
    return try object(structure, at: address)
  }
}
