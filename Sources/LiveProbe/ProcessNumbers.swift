internal import CSystemCalls
internal import Files
import Glibc
package import KernelModel

/// What `/proc`, kill(2) and pidfd_open(2) tell of processes.
package enum ProcessNumbers {
  private static let subject = "the processes that user space sees"
  /// PID_MAX_LIMIT, include/linux/threads.h: as many threads as a kernel of 64 bits has.
  private static let most = 1 << 22

  /// What is told under `root`, when it is asked for; of system calls, nothing but the running system's.
  package static func told(_ root: SystemRoot) -> ToldProcesses {
    ToldProcesses(
      namespace: { Result { () throws(Withheld) in try namespace(root) } },
      listed: { Result { () throws(Withheld) in try listed(root) } },
      denied: { denied($0, root) }, restriction: { restriction(root) })
  }

  /// Of the link `pid:[4026531836]`; that of /proc, if it is the program's own.
  ///
  /// NSpid in /proc/self/status has one number for each namespace from that of /proc down to the program's own
  /// (proc_pid_status(), fs/proc/array.c, Linux v5.10 to v7.2).
  private static func namespace(_ root: SystemRoot) throws(Withheld) -> UInt64 {
    let (status, link): (String, String)
    do throws(FileFault) {
      status = try root.text(of: "proc/self/status")
      link = try root.link(at: "proc/self/ns/pid")
    } catch {
      throw Withheld(subject, why: error.description)
    }
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("NSpid:") }),
      line.split(whereSeparator: \.isWhitespace).count == 2
    else {
      throw Withheld(
        subject, why: "/proc shows another process number namespace than this program's",
        remedy: "run it where /proc is its own, best on the host itself")
    }
    guard let number = UInt64(link.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }) else {
      throw Withheld(subject, why: "/proc/self/ns/pid leads to \(link.prefix(40))")
    }
    return number
  }

  private static func listed(_ root: SystemRoot) throws(Withheld) -> Set<Int32> {
    do throws(FileFault) {
      return Set(try Folder(root.path("proc")).names(limit: most).compactMap { Int32($0) })
    } catch {
      throw Withheld(subject, why: error.description)
    }
  }

  private static func denied(_ number: Int32, _ root: SystemRoot) -> Set<ToldProcesses.Way> {
    var denied: Set<ToldProcesses.Way> = []
    var status = stat()
    if lstat(root.path("proc/\(number)"), &status) != 0, errno == ENOENT { denied.insert(.folder) }
    guard root.isLive, number > 0 else { return denied }
    if kill(number, 0) != 0, errno == ESRCH { denied.insert(.signal) }
    // One that has ended, and that nobody has asked about yet, is opened all the same.
    if sys_pidfd_probe(number) == -Int(ESRCH) { denied.insert(.descriptor) }
    return denied
  }

  /// The option hidepid of /proc: who is in its group, as root is, or may trace all processes, is shown all the same.
  ///
  /// Source: has_pid_permissions() in fs/proc/base.c (Linux v5.10 to v7.2).
  private static func restriction(_ root: SystemRoot) -> String? {
    // Where the mounts cannot be read, nothing says that processes are left out.
    guard let mounts = try? root.text(of: "proc/self/mounts", limit: 4 << 20) else { return nil }
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 3, fields[1] == "/proc", fields[2] == "proc" else { continue }
      for option in fields[3].split(separator: ",") where option.hasPrefix("hidepid=") {
        if option != "hidepid=0", option != "hidepid=off" { return "/proc is mounted with \(option)" }
      }
    }
    return nil
  }
}
