/// What user space is told of processes where the kernel runs, each asked when it is called for.
package struct ToldProcesses {
  /// A way in which user space is told that there is a process of some number.
  package enum Way: Int, CaseIterable, Hashable, Sendable {
    /// The listing of /proc (getdents64).
    case listing
    /// /proc/NUMBER (stat).
    case folder
    /// kill(NUMBER, 0).
    case signal
    /// pidfd_open(NUMBER).
    case descriptor

    package var words: String {
      switch self {
      case .listing: "the listing of /proc"
      case .folder: "/proc/NUMBER"
      case .signal: "kill(NUMBER, 0)"
      case .descriptor: "pidfd_open(NUMBER)"
      }
    }
  }

  /// The inode of the process number namespace whose numbers are told.
  package var namespace: () -> Result<UInt64, Withheld>
  /// What is listed in /proc.
  package var listed: () -> Result<Set<Int32>, Withheld>
  /// The ways that deny that there is a process of a number; those that cannot be asked are not among them.
  package var denied: (Int32) -> Set<Way>
  /// Why /proc may leave processes out for this program, though nothing is wrong; nil if it may not.
  package var restriction: () -> String?

  package init(
    namespace: @escaping () -> Result<UInt64, Withheld>, listed: @escaping () -> Result<Set<Int32>, Withheld>,
    denied: @escaping (Int32) -> Set<Way>, restriction: @escaping () -> String? = { nil }
  ) {
    self.namespace = namespace
    self.listed = listed
    self.denied = denied
    self.restriction = restriction
  }

  package static var unasked: ToldProcesses {
    let withheld = Withheld("the processes that user space sees", why: "they were not read")
    return ToldProcesses(
      namespace: { .failure(withheld) }, listed: { .failure(withheld) }, denied: { _ in [] })
  }
}
