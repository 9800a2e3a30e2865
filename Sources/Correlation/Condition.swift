/// Something that hosts can have in common, in words that are the same on every host that has it.
package struct Condition: Hashable, Sendable {
  /// What a condition is about; of conditions that the same hosts have, the first kind here speaks for the rest.
  package enum Kind: String, Hashable, Sendable, CaseIterable, Comparable {
    case implantCode = "implant-code"
    case implantStrings = "implant-strings"
    case implantFamily = "implant-family"
    case implantOffsets = "implant-offsets"
    case moduleBuild = "module-build"
    case module
    case kernelBuild = "kernel-build"
    case kernelRelease = "kernel-release"
    case distribution
    case taint
    case death
    case signature
    case finding

    /// Whether it is what makes a host count as affected, rather than what may have made it so.
    package var isSymptom: Bool { self == .finding || self == .death || self == .signature }

    /// In the order above.
    package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

    var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  package let kind: Kind
  /// Hostile text, of at most ``longestName`` bytes.
  package let name: String

  /// A longer name is cut: no report of ours has one.
  package static let longestName = 1024

  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name =
      name.utf8.count <= Self.longestName ? name : String(decoding: name.utf8.prefix(Self.longestName), as: UTF8.self)
  }
}

extension Condition: Comparable {
  package static func < (left: Self, right: Self) -> Bool {
    left.kind == right.kind ? left.name < right.name : left.kind < right.kind
  }
}
