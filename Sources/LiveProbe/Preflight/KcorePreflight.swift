import Files
import Glibc
import KernelFormats
import KernelModel

/// Whether `/proc/kcore` can be had, and if not, which of its guards refuses.
struct KcorePreflight {
  let root: SystemRoot
  let confinement: Confinement

  private let what = "/proc/kcore"
  private static let whoFiltersIt = "find out what is mounted over it, or what filters reads of it"
  private static let runOnHost = "run as root on the host itself, outside any container"

  init(root: SystemRoot, confinement: Confinement) {
    self.root = root
    self.confinement = confinement
  }

  func state(_ kcore: Result<ProcKcore, KcoreError>) -> Preflight.State {
    switch kcore {
    case .success(let kcore): tryOut(kcore)
    case .failure(.malformed(let problem)):
      .withheld(
        Withheld(
          what, why: "\(problem): no Linux kernel writes this",
          remedy: Self.whoFiltersIt))
    case .failure(.file(let fault)): refusal(fault)
    }
  }

  /// Reads a few bytes for real: a file that opens may still refuse.
  private func tryOut(_ kcore: ProcKcore) -> Preflight.State {
    guard let segment = kcore.imageSegment ?? kcore.segments.first else {
      return .withheld(Withheld(what, why: "it has no segment of memory", remedy: Self.whoFiltersIt))
    }
    do throws(MemoryFault) {
      _ = try kcore.bytes(at: segment.memory.start, count: Int(min(segment.fileByteCount, Machine.pageSize)))
    } catch {
      return .withheld(
        Withheld(
          what, why: "its header can be read and its memory cannot: \(error)",
          remedy: "find out what filters reads of it: a Linux kernel returns both or neither"))
    }
    let ram = kcore.segments.filter {
      $0.physicalAddress != nil && $0.memory.start.isBelowImage
    }
    .reduce(UInt64(0)) { $0 &+ min($1.fileByteCount, $1.memory.byteCount) }
    return .available("\(kcore.segments.count) segments, \(ram >> 20) MiB of memory, read as a test")
  }

  private func refusal(_ fault: FileFault) -> Preflight.State {
    switch (fault.reason, fault.errorNumber) {
    case (.notRegular, _):
      .withheld(
        Withheld(what, why: "\(fault.why), as container runtimes put one there to hide it", remedy: Self.runOnHost))
    case (.ended(let count), _):
      .withheld(
        Withheld(
          what, why: "it ended after \(count) bytes, inside its own header",
          remedy: "something is mounted over it, or filters reads of it; \(Self.runOnHost)"))
    case (_, ENOENT), (_, ENOTDIR): absence
    case (_, EPERM), (_, EACCES): .withheld(guardThatRefuses(fault))
    case (_, ELOOP):
      .withheld(
        Withheld(what, why: "a symbolic link stands in its place", remedy: "find out who put it there"))
    default: .withheld(Withheld(what, why: fault.why, remedy: Self.runOnHost))
    }
  }

  private var absence: Preflight.State {
    if !root.exists("proc") || !root.exists("proc/self") && !root.exists("proc/version") {
      return .absent(Withheld(what, why: "/proc is not mounted", remedy: "mount -t proc proc /proc"))
    }
    if !root.exists("proc/version") {
      return .absent(
        Withheld(
          what, why: "this /proc shows processes only (mounted with subset=pid)",
          remedy: "mount a whole one: mount -t proc proc /proc"))
    }
    return .absent(
      Withheld(
        what, why: "not available in this kernel",
        remedy: "use a kernel with CONFIG_PROC_KCORE=y (the default in distributions)"))
  }

  /// Lockdown and a missing capability are refused with the same EPERM (open_kcore, fs/proc/kcore.c, v6.12); what the
  /// kernel and this process's status say tells them apart.
  private func guardThatRefuses(_ fault: FileFault) -> Withheld {
    if confinement.lockdown == "confidentiality" {
      return Withheld(
        what, why: "the kernel is locked down (lockdown=confidentiality), which denies all reads of its memory",
        remedy: "boot with lockdown=integrity, which is what Secure Boot asks for, or take a memory dump from outside")
    }
    if confinement.isInUserNamespace {
      return Withheld(
        what, why: "this process is in a user namespace, where root's capabilities do not count with the kernel",
        remedy: Self.runOnHost)
    }
    if confinement.has(Confinement.rawIO) == false || fault.errorNumber == EACCES {
      return Withheld(
        what, why: "\(fault.why): this process lacks CAP_SYS_RAWIO, which root has",
        remedy: confinement.signsOfContainer.isEmpty ? "run as root" : Self.runOnHost)
    }
    return Withheld(
      what,
      why: confinement.lockdown == nil
        ? "\(fault.why), though this process has CAP_SYS_RAWIO: lockdown=confidentiality, or a security module; "
          + "/sys/kernel/security/lockdown cannot be read to tell which"
        : "\(fault.why), though this process has CAP_SYS_RAWIO and lockdown is \(confinement.lockdown ?? ""): a "
          + "security module refuses",
      remedy: confinement.lockdown == nil
        ? "mount -t securityfs securityfs /sys/kernel/security, and look again" : "look into the audit log")
  }

  static func vmcoreInfo(_ kcore: Result<ProcKcore, KcoreError>) -> Preflight.State {
    switch kcore {
    case .failure:
      return .withheld(
        Withheld(
          "VMCOREINFO", why: "it is a note in /proc/kcore, which cannot be read", remedy: "see /proc/kcore above"))
    case .success(let kcore):
      switch kcore.vmcoreInfo {
      case .failure(let withheld): return .absent(withheld)
      case .success(let info):
        let offset = info.kernelOffset.map { "KASLR offset \($0.hexadecimal)" } ?? "no KASLR offset"
        return .available("\(offset), for kernel \(info.osRelease ?? "of no name")")
      }
    }
  }
}
