internal import KernelModel
internal import KernelObjects

/// One of the kernel's switches: where it lies in memory, and where user space is told of it.
struct Switch: Sendable {
  /// As an administrator knows it.
  let name: String
  let place: Place
  /// Bytes.
  let width: Int
  /// Below `/`; empty if nothing tells it.
  let file: String
  var form = Form.number

  enum Place: Sendable {
    case variable(String)
    /// A member of a structure that a variable is.
    case member(String, of: String)
    /// What a parameter of the kernel's is kept in: `__param_NAME` leads there, where the variable's own name is taken twice.
    case parameter(String)
  }

  enum Form: Sendable {
    case number
    /// `Y` or `N`; some print `1` and `0`.
    case flag
    /// One of several words.
    case words([String])
    /// The one in brackets among several words, each for all values from its constant on.
    case chosen([(constant: String, word: String)], of: String)
  }

  /// Sources: kernel/sysctl.c, kernel/kexec_core.c, kernel/module/, kernel/events/core.c, kernel/bpf/, fs/namei.c, lib/vsprintf.c,
  /// mm/util.c, security/yama/, security/selinux/include/security.h, security/apparmor/lsm.c, security/lockdown/lockdown.c,
  /// security/integrity/ima/, kernel/audit.c (Linux v5.10 to v7.2).
  static let all: [Switch] = [
    sysctl("kernel/kptr_restrict", "kptr_restrict"),
    sysctl("kernel/dmesg_restrict", "dmesg_restrict"),
    sysctl("kernel/perf_event_paranoid", "sysctl_perf_event_paranoid"),
    sysctl("kernel/unprivileged_bpf_disabled", "sysctl_unprivileged_bpf_disabled"),
    sysctl("net/core/bpf_jit_harden", "bpf_jit_harden"),
    sysctl("kernel/kexec_load_disabled", "kexec_load_disabled"),
    sysctl("kernel/modules_disabled", "modules_disabled"),
    sysctl("kernel/randomize_va_space", "randomize_va_space"),
    sysctl("kernel/yama/ptrace_scope", "ptrace_scope"),
    sysctl("fs/protected_symlinks", "sysctl_protected_symlinks"),
    sysctl("fs/protected_hardlinks", "sysctl_protected_hardlinks"),
    sysctl("fs/suid_dumpable", "suid_dumpable"),
    Switch(
      name: "SELinux enforcing", place: .member("enforcing", of: "selinux_state"), width: 1,
      file: "sys/fs/selinux/enforce", form: .flag),
    Switch(
      name: "SELinux initialized", place: .member("initialized", of: "selinux_state"), width: 1, file: "", form: .flag),
    Switch(
      name: "AppArmor enabled", place: .variable("apparmor_enabled"), width: 4,
      file: "sys/module/apparmor/parameters/enabled", form: .flag),
    Switch(
      name: "AppArmor mode", place: .variable("aa_g_profile_mode"), width: 4,
      file: "sys/module/apparmor/parameters/mode", form: .words(["enforce", "complain", "kill", "unconfined", "user"])),
    Switch(name: "audit", place: .variable("audit_enabled"), width: 4, file: ""),
    Switch(
      name: "lockdown", place: .variable("kernel_locked_down"), width: 4, file: "sys/kernel/security/lockdown",
      form: .chosen(
        [
          ("LOCKDOWN_NONE", "none"), ("LOCKDOWN_INTEGRITY_MAX", "integrity"),
          ("LOCKDOWN_CONFIDENTIALITY_MAX", "confidentiality"),
        ], of: "lockdown_reason")),
    Switch(
      name: "module signatures enforced", place: .parameter("sig_enforce"), width: 1,
      file: "sys/module/module/parameters/sig_enforce", form: .flag),
    Switch(name: "IMA policy", place: .variable("ima_policy_flag"), width: 4, file: ""),
    Switch(name: "IMA appraisal", place: .variable("ima_appraise"), width: 4, file: ""),
  ]

  private static func sysctl(_ file: String, _ variable: String) -> Switch {
    Switch(
      name: file.split(separator: "/").joined(separator: "."), place: .variable(variable), width: 4,
      file: "proc/sys/\(file)")
  }

  /// What it is in memory; nil if this kernel has none.
  func value(_ snapshot: Snapshot) throws(CannotCheck) -> UInt64? {
    guard let address = try address(snapshot) else { return nil }
    return UInt64(littleEndianBytes: try snapshot.bytes(at: address, count: width))
  }

  private func address(_ snapshot: Snapshot) throws(CannotCheck) -> UInt64? {
    switch place {
    case .variable(let name): return try snapshot.symbols.addressIfAny(of: name)
    case .member(let member, let structure):
      // The variable is called as its structure is.
      guard let object = try snapshot.object(structure, named: structure), object.has(member) else { return nil }
      return try object.address(of: member)
    case .parameter(let name):
      guard let parameter = try snapshot.object("kernel_param", named: "__param_\(name)") else { return nil }
      let address: UInt64 = try parameter["arg"]
      return address == 0 ? nil : address
    }
  }

  /// How it is said of a value in memory, and told to user space; nil if nobody knows how.
  func words(_ value: UInt64, _ types: KernelTypes) -> String? {
    switch form {
    case .number: return String(Int32(truncatingIfNeeded: value))
    case .flag: return value == 0 ? "N" : "Y"
    case .words(let words): return value < UInt64(words.count) ? words[Int(value)] : nil
    case .chosen(let words, let enumeration):
      guard let constant = types.constant(Int64(truncatingIfNeeded: value), of: enumeration) else { return nil }
      return words.first { $0.constant == constant }?.word
    }
  }

  /// What a file's text says, in the same words.
  func told(_ text: String) -> String {
    switch form {
    case .number, .words: return text
    case .flag: return text == "0" ? "N" : text == "1" ? "Y" : text
    case .chosen: return String(text.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" })
    }
  }
}
