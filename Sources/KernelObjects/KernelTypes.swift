package import KernelFormats
package import KernelModel

/// How the kernel's structures are laid out: its type information, and what was looked up in it.
///
/// What was looked up is kept: the information has ten thousands of structures.
package final class KernelTypes {
  package static let subject = "the kernel's type information"

  /// That a kernel has none, and how that is known.
  ///
  /// - Parameter isShuffled: whether its structures were shuffled, which gcc does not tell a debugger.
  package static func notBuilt(_ sign: String, isShuffled: Bool = false) -> Withheld {
    let why = "this kernel was built without it (CONFIG_DEBUG_INFO_BTF): \(sign)"
    guard !isShuffled else {
      return Withheld(
        subject, why: why + ", and its structures were shuffled (CONFIG_RANDSTRUCT)",
        remedy:
          "if clang built this kernel, give its vmlinux with debugging information (DWARF) with --reference; gcc does not "
          + "tell a debugger how it shuffled, and then nothing that could be brought replaces it",
        isNotBuilt: true)
    }
    return Withheld(
      subject, why: why,
      remedy: "give the vmlinux of this build with its debugging information (DWARF) with --reference, or the package "
        + "that has it: Debian's linux-image-*-dbg, kernel-debuginfo",
      isNotBuilt: true)
  }

  package let information: BTF
  private var named: [String: KernelType?] = [:]
  /// By ``BTF/Structure/id``.
  private var known: [Int: KernelType] = [:]
  private var enumerations: [String: [Int64: String]] = [:]
  private var codeMembers: [CodeMembers: [CodeMember]] = [:]

  /// Which members by which code is reached: of which structure, and without which.
  private struct CodeMembers: Hashable {
    let structure: Int
    let without: [String]
  }

  /// Why there is no more, where the information is known to leave out structures that the kernel has.
  private let obstacle: CannotCheck?

  /// - Parameter obstacle: why there is no more, if it leaves out structures that the kernel has: whoever asks for one of them
  ///   is told.
  package init(_ information: BTF, lackingOthers obstacle: CannotCheck? = nil) {
    self.information = information
    self.obstacle = obstacle
  }

  /// Types of which only `outlines` are known, and why that is all.
  package convenience init(_ outlines: [BTF.Outline], lackingOthers obstacle: CannotCheck) throws(CannotCheck) {
    let contents = VendorObject.Contents(copying: BTF.section(outlines))
    do throws(BTFError) {
      self.init(try BTF(contents.bytes, owner: contents), lackingOthers: obstacle)
    } catch {
      throw .implausible(Self.subject, "\(error)")
    }
  }

  /// Whether it is known to leave out structures that the kernel has: that it has none of a name says nothing then.
  package var lacksOthers: Bool { obstacle != nil }

  /// Why something that was asked for is not known, in words: that of all that is not known need not be told of each.
  package func words(for error: CannotCheck) -> String {
    lacksOthers ? "nobody tells how this kernel lays it out" : "\(error)"
  }

  /// What is thrown where a structure, or a member of it, is not known.
  package func unknown(_ structure: String, _ member: String? = nil) -> CannotCheck {
    obstacle ?? .layoutUnknown(structure: structure, member: member)
  }

  /// A structure or union, or nil if there is none of that name.
  package func typeIfAny(_ name: String) -> KernelType? {
    if let known = named[name] { return known }
    let found = information.structure(name).map { type($0, named: name) }
    named[name] = .some(found)
    return found
  }

  /// A structure or union.
  package func type(_ name: String) throws(CannotCheck) -> KernelType {
    if let type = typeIfAny(name) { return type }
    throw unknown(name)
  }

  /// A structure or union that has a member, where kernels have several of its name that are laid out differently.
  package func type(_ name: String, having member: String) throws(CannotCheck) -> KernelType {
    if let type = typeIfAny(name) { return type }
    for structure in information.structures(name) where structure.member(member) != nil {
      return type(structure, named: name)
    }
    throw unknown(name, member)
  }

  /// What another structure names.
  ///
  /// - Parameter name: for one without a name of its own.
  func type(_ structure: BTF.Structure, named name: String) -> KernelType {
    if let known = known[structure.id] { return known }
    let type = KernelType(structure, named: structure.name.isEmpty ? name : structure.name, lackingOthers: obstacle)
    known[structure.id] = type
    return type
  }

  /// The members of a structure by which code is reached, lowest first.
  ///
  /// - Parameter without: members that are not asked about.
  package func codeMembers(of type: KernelType, without: [String] = []) -> [CodeMember] {
    let key = CodeMembers(structure: type.layout.id, without: without)
    if let known = codeMembers[key] { return known }
    let found = type.codePointers.compactMap { CodeMember($0, of: type, without: without, self) }
    codeMembers[key] = found
    return found
  }

  /// What a constant of an enumeration is called, or nil if this kernel has none of that value.
  package func constant(_ value: Int64, of enumeration: String) -> String? {
    if let known = enumerations[enumeration] { return known[value] }
    let constants = information.constants(of: enumeration)
    enumerations[enumeration] = constants
    return constants[value]
  }

  /// How a structure or union is laid out, or nil if there is none.
  package func structure(_ name: String) -> BTF.Structure? { typeIfAny(name)?.layout }

  /// Bytes of a structure or union, padding at its end included.
  package func byteCount(of structure: String) throws(CannotCheck) -> Int {
    guard let byteCount = self.structure(structure)?.byteCount, byteCount > 0 else {
      throw unknown(structure)
    }
    return byteCount
  }

  /// A member's place and size.
  ///
  /// - Parameter path: as ``BTF/Structure/member(_:)`` takes it.
  package func member(_ path: String, of structure: String) throws(CannotCheck) -> BTF.Member {
    guard let member = typeIfAny(structure)?.memberIfAny(path) else {
      throw unknown(structure, path)
    }
    return member
  }

  /// The offset of a member, in bytes.
  package func offset(of member: String, in structure: String) throws(CannotCheck) -> UInt64 {
    UInt64(try self.member(member, of: structure).byteOffset)
  }

  /// The offset of a member that not every kernel has.
  package func offsetIfAny(of member: String, in structure: String) -> UInt64? {
    typeIfAny(structure)?.memberIfAny(member).map { UInt64($0.byteOffset) }
  }
}

extension CannotCheck {
  /// Whether it is that this kernel's type information has not what was asked for, or that there is none: the next look will not
  /// help.
  package var isOfTypes: Bool {
    switch self {
    case .layoutUnknown: true
    case .withheld(let withheld): withheld.isNotBuilt
    default: false
    }
  }
}
