import Lab

/// Functions that nobody owns, registered with the kernel in as many ways: one row for each kind of root.
extension Scenario {
  static let registered: [Scenario] = [
    row("a netfilter hook that nobody owns", "netfilter hooks", guests: calibrated(on: "6.12")) {
      try $0.hookForwarding()
    },
    row("a packet type with a function that nobody owns", "packet types") {
      try $0.leadAstray("ip_packet_type", of: "packet_type", "id_match")
    },
    row("an internet protocol whose handler nobody owns", "internet protocols") {
      try $0.replace(pointer: 200, of: "inet_protos", by: "net_protocol", "handler")
    },
    row("a function of TCP's that nobody owns", "socket protocols") {
      try $0.leadAstray("tcp_prot", of: "proto", "diag_destroy")
    },
    row("a copied table behind an entry of /proc", "/proc entries") {
      try $0.copyTable(at: $0.operationsOfProc(), of: "file_operations", replacing: "fsync")
    },
    row("a copied table behind the root of a file system", "roots of file systems") {
      try $0.copyTable(at: $0.operationsOfRoot(), of: "file_operations", replacing: "fsync")
    },
    row("a file system with a function that nobody owns", "file systems") {
      try $0.leadAstray("proc_fs_type", of: "file_system_type", "kill_sb")
    },
    row("a security hook that nobody owns", "security hooks") { try $0.hookSecurity() },
    row("a kind of keys with a function that nobody owns", "kinds of keys") {
      try $0.leadAstray("key_type_logon", of: "key_type", "revoke")
    },
    row("a format of programs that nobody owns", "formats of programs") {
      try $0.leadAstray("compat_elf_format", of: "linux_binfmt", "load_binary")
    },
    row("a character device that nobody owns", "character devices") { try $0.addCharacterDevice() },
    row("a line discipline that nobody owns", "line disciplines") {
      try $0.replace(pointer: 29, of: "tty_ldiscs", by: "tty_ldisc_ops", "receive_buf")
    },
    row("an input handler with a function that nobody owns", "input handlers") {
      try $0.leadAstray("kbd_handler", of: "input_handler", "disconnect")
    },
    row("a timer whose function nobody owns", "timers") { try $0.startTimer(isDelayedWork: false) },
    row("delayed work whose function nobody owns", "delayed work") { try $0.startTimer(isDelayedWork: true) },
    row("a kernel thread whose function nobody owns", "kernel threads") { try $0.renameThreadFunction() },
    row("a soft interrupt whose function nobody owns", "soft interrupts") {
      try $0.leadAstray("softirq_vec", 5, of: "softirq_action", "action")
    },
    row("an interrupt gate into unowned code", "interrupt gates") { try $0.setGate(30) },
    row("a gate among a processor's segments", "segments") { try $0.addGateAmongSegments() },
    slabRow("a copied table behind an open file", holding: "slab cache filp") {
      try $0.copyTableWithUnownedCode(at: $0.placeInOpenFile("f_op"), of: "file_operations", replacing: "fsync")
    },
    slabRow("a copied table behind the inode of an open file", holding: "inode_cache") {
      try $0.copyTableWithUnownedCode(at: $0.placeInOpenInode("i_fop"), of: "file_operations", replacing: "fsync")
    },
    slabRow("a timer of a process whose function nobody owns", holding: "slab cache signal_cache") {
      try $0.leadToUnownedCode(
        $0.place([("task_struct", "signal")], in: "signal_struct", "real_timer.function"))
    },
    Scenario(
      name: "clean, and all slab objects are looked at", guests: savedAlone,
      change: Change(checks: ["syscall-table", "registered-code"], options: ["--deep"], isNothing: true) { _ in .clean }
    ),
    row("a gate among a program's segments", "segments of programs") { try $0.addGateAmongSegmentsOfProgram() },
    row("a stack of somebody's in a processor's task state", "stacks in task states") { try $0.nameOtherStack() },
    Scenario(
      name: "devices that /proc/misc does not tell",
      guests: .of(["5.10", "7"], why: "an older and a newer kernel; a saved one tells nothing")
    ) { guest in
      try Change(checks: ["syscall-table", "registered-code"], traces: "cat /proc/misc", needsUserSpace: true) {
        tampering in
        // What is shown of each device: a function that does nothing, and returns 0. Emulators keep code that is changed from outside.
        try tampering.replaceSlot(3, in: "misc_seq_ops", with: tampering.system.symbol("no_action"))
        return .tampered("registered-code", "miscellaneous devices")
      }.run(in: guest, prepared: "")
    },
  ]

  /// - Parameter name: what the cache's name must have in it.
  private static func slabRow(
    _ row: String, holding name: String, _ change: @escaping @Sendable (Tampering) throws -> Void
  ) -> Scenario {
    Scenario(
      name: row, guests: savedAlone,
      change: Change(checks: ["syscall-table", "registered-code"], options: ["--deep"]) { tampering in
        try change(tampering)
        return .tampered("registered-code", name)
      })
  }

  private static func row(
    _ name: String, _ kind: String, guests: Guests = savedAlone,
    _ change: @escaping @Sendable (Tampering) throws -> Void
  ) -> Scenario {
    Scenario(
      name: name, guests: guests,
      change: Change(checks: ["syscall-table", "registered-code"]) { tampering in
        try change(tampering)
        return .tampered("registered-code", kind)
      })
  }
}
