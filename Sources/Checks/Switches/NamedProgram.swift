internal import KernelModel
internal import KernelObjects

/// A setting that names a program which the kernel itself starts, as root.
struct NamedProgram: Hashable {
  enum Kind: Sendable {
    /// Distributions leave it as the vendor built it.
    case usual
    /// Whoever saves crashes sets it: after a bar, or it is a pattern of names of files.
    case crashes
    /// Whoever mounts control groups sets it.
    case agent
    /// Whoever has a use for files of another format registers it with binfmt_misc.
    case interpreter
  }

  let kind: Kind
  /// As an administrator knows it.
  let name: String
  /// Below `/`; empty if nothing tells it.
  let file: String
  /// What it is now.
  let text: String
  /// What the vendor built it as; nil where that is not known.
  let vendors: String?
  /// What is registered with binfmt_misc; nil of another kind.
  var interpreter: ProgramInterpreter?

  init(kind: Kind, name: String, file: String, text: String, vendors: String?) {
    (self.kind, self.name, self.file, self.text, self.vendors) = (kind, name, file, text, vendors)
  }

  init(_ interpreter: ProgramInterpreter) {
    // Its file is compared with what else its file system has.
    self.init(
      kind: .interpreter, name: "binfmt_misc \(interpreter.name)", file: "", text: interpreter.path, vendors: nil)
    self.interpreter = interpreter
  }

  /// Sources: kernel/module/kmod.c (kernel/kmod.c before v6.4), kernel/reboot.c, fs/coredump.c, lib/kobject_uevent.c (Linux v5.10
  /// to v7.2).
  private static let variables: [(kind: Kind, name: String, variable: String, file: String)] = [
    (.usual, "kernel.modprobe", "modprobe_path", "proc/sys/kernel/modprobe"),
    (.crashes, "kernel.core_pattern", "core_pattern", "proc/sys/kernel/core_pattern"),
    (.usual, "kernel.poweroff_cmd", "poweroff_cmd", "proc/sys/kernel/poweroff_cmd"),
    (.usual, "reboot command", "reboot_cmd", ""),
    (.agent, "kernel.hotplug", "uevent_helper", "proc/sys/kernel/hotplug"),
  ]
  /// Of control groups of the first version, each of their mounts.
  private static let mostHierarchies = 64

  /// All that this kernel has.
  static func all(_ snapshot: Snapshot, _ vendor: VendorImage?) throws(CannotCheck) -> [NamedProgram] {
    var found: [NamedProgram] = []
    for row in variables {
      guard let address = try snapshot.symbols.addressIfAny(of: row.variable) else { continue }
      found.append(
        NamedProgram(
          kind: row.kind, name: row.name, file: row.file, text: try snapshot.text(at: address),
          vendors: text(of: vendor, at: address)))
    }
    for root in try snapshot.list(at: "cgroup_roots", linkedBy: "root_list", of: "cgroup_root", limit: mostHierarchies)
    where root.has("release_agent_path") {
      let agent = try root.text("release_agent_path")
      guard !agent.isEmpty else { continue }
      found.append(
        NamedProgram(
          kind: .agent, name: "release_agent of control groups \(try root.text("name"))", file: "", text: agent,
          vendors: nil))
    }
    return found
  }

  private static func text(of vendor: VendorImage?, at address: UInt64) -> String? {
    // The longest is as long as a text that is read of memory.
    guard let vendor,
      let bytes = vendor.object.bytes(
        at: MemoryRegion(start: KernelAddress(address &- vendor.offset), byteCount: UInt64(LivePages.mostTextBytes)))
    else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// What a fact says of it.
  var words: String {
    guard let interpreter else { return text }
    return "\(text) for \(interpreter.format)" + (interpreter.flags.isEmpty ? "" : ", flags \(interpreter.flags)")
      + (interpreter.isEnabled ? "" : ", disabled")
  }

  /// The program's path; nil where no program is named, as of a pattern for names of files.
  var path: String? {
    if kind == .interpreter { return text }
    let command = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).first ?? ""
    if kind == .crashes { return command.first == "|" ? String(command.dropFirst()) : nil }
    return command.isEmpty ? nil : String(command)
  }
}
