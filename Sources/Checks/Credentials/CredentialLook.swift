internal import KernelModel
internal import KernelObjects

/// What the tasks of user space may do, and what of that no system call leaves behind.
///
/// Source: copy_creds(), commit_creds() and override_creds() in kernel/cred.c, set_user() and its callers in kernel/sys.c,
/// security/commoncap.c (Linux v5.10 to v7.2).
struct CredentialLook {
  struct Wrong: Hashable {
    let address: UInt64
    let pid: Int32
    let startTime: UInt64
    /// The `struct cred`.
    let credentials: UInt64
    let kind: Kind
  }

  enum Kind: Hashable {
    /// They are the kernel's own, `init_cred`: whoever runs a program gets a copy.
    case kernels
    /// Another process has the same ones, not a copy.
    case shared(with: Int32)
    /// The user whose processes it is counted among is another than its own: set_user() changes both.
    case user(UInt32, countedAs: UInt32)
    /// It has capabilities in effect that it may not have.
    case capabilities(UInt64)
  }

  /// What is counted.
  struct Counts {
    var processes: UInt64 = 0
    var root: UInt64 = 0
    var secured: UInt64 = 0
    /// Processes that act as somebody else for the moment.
    var overriding: [Int32] = []
  }

  let census: TaskCensus
  private(set) var wrong: [Wrong] = []
  private(set) var counts = Counts()
  /// Why some could not be read; nil if all could.
  private(set) var obstacle: CannotCheck?

  init(_ snapshot: Snapshot) throws(CannotCheck) {
    census = try TaskCensus(snapshot)
    let own = try snapshot.symbols.addressIfAny(of: "init_cred")
    var holders: [UInt64: TaskCensus.Task] = [:]
    // Threads of the kernel's first: whoever shares with one of them has another's.
    let tasks = census.tasks.values.filter { !$0.isEnding }
    let users = tasks.filter { !$0.isKernelThread }.sorted { ($0.startTime, $0.pid) < ($1.startTime, $1.pid) }
    for task in tasks where task.isKernelThread {
      guard let credentials: UInt64 = try? census.object(task)["real_cred"] else { continue }
      holders[credentials] = task
    }
    for task in users {
      do throws(CannotCheck) {
        try look(at: task, own, &holders)
      } catch {
        // One that ends meanwhile is judged at no look.
        obstacle = obstacle ?? error
      }
    }
    if obstacle == nil { obstacle = census.obstacle(to: .list) ?? census.obstacle(to: .numbers) }
  }

  private mutating func look(
    at task: TaskCensus.Task, _ own: UInt64?, _ holders: inout [UInt64: TaskCensus.Task]
  ) throws(CannotCheck) {
    let object = try census.object(task)
    // Without memory of its own it has run no program yet, or is about to end.
    guard try object["mm"] as UInt64 != 0, let credentials = try object.target("real_cred", as: "cred") else { return }
    func note(_ kind: Kind) {
      wrong.append(
        Wrong(
          address: task.address, pid: task.pid, startTime: task.startTime, credentials: credentials.address, kind: kind)
      )
    }
    if credentials.address == own {
      note(.kernels)
    } else if let other = holders[credentials.address], other.tgid != task.tgid {
      note(.shared(with: other.tgid))
    } else {
      holders[credentials.address] = task
    }
    let user: UInt32 = try credentials["uid.val"]
    if let counted = try credentials.target("user", as: "user_struct") {
      let number: UInt32 = try counted["uid.val"]
      if number != user { note(.user(user, countedAs: number)) }
    }
    let permitted = try capabilities("cap_permitted", of: credentials)
    let effective = try capabilities("cap_effective", of: credentials)
    if effective & ~permitted != 0 { note(.capabilities(effective & ~permitted)) }
    guard task.isLeader else { return }
    counts.processes += 1
    if try credentials["euid.val"] as UInt32 == 0 { counts.root += 1 }
    if try credentials["securebits"] as UInt32 != 0 { counts.secured += 1 }
    if try object["cred"] as UInt64 != credentials.address { counts.overriding.append(task.pid) }
  }

  /// Two words of four bytes up to Linux v6.2, and one of eight since: the lowest first.
  private func capabilities(_ member: String, of credentials: KernelObject) throws(CannotCheck) -> UInt64 {
    try census.snapshot.load(UInt64.self, at: credentials.address(of: member))
  }
}
