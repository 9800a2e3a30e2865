package import KernelModel

/// Which processes hold BPF programs, by what they have open: the program, a link of it, or a perf event that runs it.
///
/// Source: `bpf_prog_fops` and `bpf_link_fops` in kernel/bpf/syscall.c,
/// `perf_fops` in kernel/events/core.c (Linux v5.10 to v7.2).
package struct BpfHolders {
  package struct Holder: Hashable, Sendable {
    package var pid: Int32
    /// Its name, which it may set itself.
    package var name: String
    /// nil for a thread of the kernel's, or where it cannot be told.
    package var executable: ExecutablePath?
  }

  /// By the address of the `struct bpf_prog`, lowest process number first.
  package private(set) var holders: [UInt64: [Holder]] = [:]
  /// Why some are not known; nil if all are.
  package private(set) var obstacle: CannotCheck?

  /// The first process is the first on the list; a few are looked at, in case.
  private static let mostBeforeFirst = 8

  /// Nobody holds any.
  package init() {}

  package init(_ snapshot: Snapshot) {
    var programs: [UInt64: String] = [:]
    // One that can be waited for has operations of its own since v6.10.
    for (name, member) in [
      ("bpf_prog_fops", ""), ("bpf_link_fops", "link"), ("bpf_link_fops_poll", "link"), ("perf_fops", "event"),
    ] {
      if let operations = snapshot.symbols[name] { programs[operations] = member }
    }
    do throws(CannotCheck) {
      let processes = try Tasks(snapshot).processes()
      obstacle = processes.obstacle
      var first: KernelObject?
      for task in processes.elements.prefix(Self.mostBeforeFirst) where try task["pid"] as Int32 == 1 { first = task }
      for task in processes.elements {
        do throws(CannotCheck) {
          let held = try Self.programs(of: task, programs)
          guard !held.isEmpty else { continue }
          let holder = Holder(
            pid: try task["pid"], name: try task.text("comm"), executable: try? ExecutablePath(of: task, first: first))
          for program in held { holders[program, default: []].append(holder) }
        } catch {
          // A process that ends meanwhile.
          obstacle = obstacle ?? error
        }
      }
    } catch {
      obstacle = error
    }
    for program in holders.keys { holders[program]?.sort { $0.pid < $1.pid } }
  }

  private static func programs(of task: KernelObject, _ kinds: [UInt64: String]) throws(CannotCheck) -> Set<UInt64> {
    let snapshot = task.snapshot
    var found: Set<UInt64> = []
    for file in try task.openFiles() {
      guard let kind = try kinds[file["f_op"]] else { continue }
      let data: UInt64 = try file["private_data"]
      guard data != 0 else { continue }
      let program: UInt64 =
        switch kind {
        case "link": try snapshot.object("bpf_link", at: data)["prog"]
        case "event": try snapshot.object("perf_event", at: data).valueIfAny("prog") ?? 0
        default: data
        }
      if program != 0 { found.insert(program) }
    }
    return found
  }
}
