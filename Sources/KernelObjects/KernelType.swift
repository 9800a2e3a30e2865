package import KernelFormats
package import KernelModel

/// A structure or union of the kernel's: how it is laid out, and what was looked up in it.
///
/// What was looked up is kept: a loop over many objects asks for the same members.
package final class KernelType {
  package let layout: BTF.Structure
  /// Its own name, or the member's in whose structure it has none.
  package let name: String
  /// In the order in which they were first asked for: of so few, the right one is found sooner than a dictionary hashes its path.
  private var members: [(path: String, member: BTF.Member?)] = []
  /// Why other members are not known, where only some are.
  private let obstacle: CannotCheck?
  private var targets: [String: (structure: BTF.Structure, isPointer: Bool)?] = [:]

  /// Its words by which code is reached.
  private(set) lazy var codePointers = layout.codePointers

  /// - Parameter obstacle: why it may have other members than these; nil if these are all.
  init(_ layout: BTF.Structure, named name: String, lackingOthers obstacle: CannotCheck?) {
    self.layout = layout
    self.name = name
    self.obstacle = obstacle
  }

  /// A member's place and size, or nil if this kernel's structure has none of that name.
  ///
  /// - Parameter path: as ``BTF/Structure/member(_:)`` takes it.
  package func memberIfAny(_ path: String) -> BTF.Member? {
    for index in members.indices where members[index].path == path { return members[index].member }
    let found = layout.member(path)
    members.append((path, found))
    return found
  }

  /// A member's place and size.
  package func member(_ path: String) throws(CannotCheck) -> BTF.Member {
    if let member = memberIfAny(path) { return member }
    throw obstacle ?? .layoutUnknown(structure: name, member: path)
  }

  /// The structure that a member is, or an array of, or that it points to; nil if it does neither.
  func target(of path: String) -> (structure: BTF.Structure, isPointer: Bool)? {
    if let known = targets[path] { return known }
    let found = layout.structure(of: path)
    targets[path] = .some(found)
    return found
  }
}
