internal import CSystemCalls
internal import Files
internal import Glibc
package import KernelModel

/// What bpf(2) tells of the kernel's BPF objects.
package enum ToldBpfNumbers {
  /// Numbers of one kind at most.
  private static let most = 1 << 17

  /// The numbers of a kind, from the lowest on, each asked for by the one before.
  package static func read(_ kind: BpfObjectKind) -> Result<Set<UInt32>, Withheld> {
    var found: Set<UInt32> = []
    var last: UInt32 = 0
    while true {
      var next: UInt32 = 0
      let result = sys_bpf_next(kind.question, last, &next)
      if result == -Int(ENOENT) { return .success(found) }
      guard result >= 0 else { return .failure(withheld(errno: Int32(truncatingIfNeeded: -result))) }
      guard next > last, found.count < most else {
        return .failure(Withheld("what bpf(2) tells", why: "after number \(last) it tells number \(next)"))
      }
      found.insert(next)
      last = next
    }
  }

  private static func withheld(errno number: Int32) -> Withheld {
    Withheld(
      "what bpf(2) tells", why: SystemError(number).words,
      remedy: number == EPERM ? "run as root with CAP_SYS_ADMIN, and allow the system call bpf" : "")
  }
}

extension BpfObjectKind {
  /// As `sys_bpf_next` takes it.
  fileprivate var question: Int32 {
    switch self {
    case .program: 0
    case .map: 1
    case .link: 2
    case .types: 3
    }
  }
}
