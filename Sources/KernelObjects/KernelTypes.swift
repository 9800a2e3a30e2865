package import KernelFormats
package import KernelModel

/// How the kernel's structures are laid out: its type information, and what was looked up in it.
///
/// What was looked up is kept: the information has ten thousands of structures.
package final class KernelTypes {
  package static let subject = "the kernel's type information"

  /// That a kernel has none, and how that is known.
  package static func notBuilt(_ sign: String) -> Withheld {
    Withheld(
      subject, why: "this kernel was built without it (CONFIG_DEBUG_INFO_BTF): \(sign)",
      remedy: "nothing that could be brought replaces it: this question cannot be answered on this kernel",
      isNotBuilt: true)
  }

  package let information: BTF
  private var structures: [String: BTF.Structure?] = [:]
  private var offsets: [String: UInt64] = [:]

  package init(_ information: BTF) {
    self.information = information
  }

  /// How a structure or union is laid out, or nil if there is none.
  package func structure(_ name: String) -> BTF.Structure? {
    if let known = structures[name] { return known }
    let found = information.structure(name)
    structures[name] = .some(found)
    return found
  }

  /// Bytes of a structure or union, padding at its end included.
  package func byteCount(of structure: String) throws(CannotCheck) -> Int {
    guard let byteCount = self.structure(structure)?.byteCount, byteCount > 0 else {
      throw .layoutUnknown(structure: structure)
    }
    return byteCount
  }

  /// A member's place and size.
  ///
  /// - Parameter path: as ``BTF/Structure/member(_:)`` takes it.
  package func member(_ path: String, of structure: String) throws(CannotCheck) -> BTF.Member {
    guard let member = self.structure(structure)?.member(path) else {
      throw .layoutUnknown(structure: structure, member: path)
    }
    return member
  }

  /// The offset of a member, in bytes.
  package func offset(of member: String, in structure: String) throws(CannotCheck) -> UInt64 {
    guard let offset = offsetIfAny(of: member, in: structure) else {
      throw .layoutUnknown(structure: structure, member: member)
    }
    return offset
  }

  /// The offset of a member that not every kernel has.
  package func offsetIfAny(of member: String, in structure: String) -> UInt64? {
    let path = "\(structure).\(member)"
    if let known = offsets[path] { return known }
    guard let found = self.structure(structure)?.member(member) else { return nil }
    offsets[path] = UInt64(found.byteOffset)
    return UInt64(found.byteOffset)
  }
}
