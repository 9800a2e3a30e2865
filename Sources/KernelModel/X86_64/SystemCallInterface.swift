extension X86_64 {
  /// The interfaces through which programs make system calls, by the names that user space gives them.
  package enum SystemCallInterface: String, CaseIterable, Hashable, Sendable {
    case x86_64 = "64"
    case x32
    case ia32

    package static let native = x86_64

    /// Whose system calls they are.
    package var callers: String {
      switch self {
      case .x86_64: "64-bit programs"
      case .x32: "x32 programs"
      case .ia32: "32-bit programs"
      }
    }
  }
}
