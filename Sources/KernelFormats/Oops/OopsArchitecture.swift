internal import KernelModel

/// Of which architecture a report is, by its words.
package enum OopsArchitecture: String, Hashable, Sendable {
  /// The one that the program is built for.
  case own
  case i686, aarch64, arm, riscv64, ppc64, s390x, mips, loongarch64
  /// None that is built for, by its words, and nothing tells which.
  case unknown = "another architecture"

  /// As `uname -m` has it.
  package var name: String { self == .own ? Machine.machine : rawValue }
}
