extension X86_64 {
  /// The interfaces through which programs make system calls, by the names that user space gives them.
  package enum SystemCallInterface: String, ProgramInterface {
    case x86_64 = "64"
    case x32
    case ia32

    package static let native = x86_64
    package static let choices = "those of 64-bit (64), x32, or 32-bit programs (ia32)"

    package var callers: String {
      switch self {
      case .x86_64: "64-bit programs"
      case .x32: "x32 programs"
      case .ia32: "32-bit programs"
      }
    }
  }
}
