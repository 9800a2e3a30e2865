import Lab

/// Kernels that do not say the truth about themselves; each does again when the module is unloaded.
extension Scenario {
  static let lyingReader: [Scenario] = [
    lying("reads of /proc/kcore come back short", only: [], guests: one("6.1")) { _ in
      (.shortReads, .tampered("reader", "", alsoSeenBy: probed))
    },

    // In read-only data: among the names of the kernel's BTF. The checks that follow read another way, and find nothing.
    lying("a word is overwritten in what is read of /proc/kcore", guests: one("6.12")) { _ in
      (.word("vfs_read"), .tampered("reader", "", alsoSeenBy: probed))
    },

    // Whoever looks again at the few bytes that were wrong finds them right.
    lying("a word is overwritten in all but short reads of /proc/kcore", guests: one("6.12")) { _ in
      (.word("vfs_read", above: 64), .tampered("reader", "", alsoSeenBy: probed))
    },

    // What bounds the kernel's code is among them, and everything that a table or a dispatcher is known by: all of that is
    // answered from the kernel's own tables, and doctor says why.
    Scenario(name: "reads of /proc/kallsyms leave functions out", guests: one("5.10"), exemption: hasNoFixture) {
      guest in
      let words = [
        Tampering.quietFunction, "_stext", "_etext", "_text", "_end", "rodata", "sys_call", "do_syscall_64",
        "__x64_sys_",
      ]
      try LyingKernel.load(.kallsyms(without: words), into: guest)
      let scan = try Scan(in: guest, only: checksOfReads + ["kernel-text", "syscall-dispatch"])
      let doctor = try guest.output(of: "/liveprobe doctor; true")
      try LyingKernel.unload(from: guest)
      var complaints: [String] = []
      if !doctor.contains("EDITED   /proc/kallsyms") || doctor.contains("Cannot scan") {
        complaints.append("doctor says: \(doctor)")
      }
      for check in ["syscall-table", "syscall-dispatch"] where scan.report?.check(check)?.outcome != "clear" {
        complaints.append("\(check) is \(scan.report?.check(check)?.outcome ?? "not reported")")
      }
      return Run(
        scans: [scan],
        expectation: .tampered("reader", "", and: [Expectation.Named(check: "kernel-text", text: "kallsyms_op")]),
        complaints: complaints)
    },

    // A copy without what bounds the kernel's code and names its tables, mounted over the file; then nothing at all.
    Scenario(name: "another file lies over /proc/kallsyms", guests: one("6.12")) { guest in
      let words = [
        "_stext", "_etext", "_text", "_end", "rodata", "sys_call", "do_syscall_64", "__x64_sys_", "x64_sys_call",
      ]
      func look() throws -> (scan: Scan, doctor: String) {
        try (
          Scan(in: guest, only: checksOfReads + ["kernel-text", "syscall-dispatch", "module-list", "static-pointers"]),
          guest.output(of: "/liveprobe doctor; true")
        )
      }
      var complaints: [String] = []
      func require(_ isTrue: Bool, _ complaint: @autoclosure () -> String) {
        if !isTrue { complaints.append(complaint()) }
      }
      func requireClear(_ scan: Scan, _ checks: [String]) {
        for check in checks {
          let outcome = scan.report?.check(check)?.outcome ?? "not reported"
          require(outcome == "clear", "\(check) is \(outcome)")
        }
      }
      let pattern = words.joined(separator: "\\|")
      _ = try guest.output(
        of: "grep -v '\(pattern)' /proc/kallsyms >/tmp/names; mount --bind /tmp/names /proc/kallsyms")
      let filtered = try look()
      require(filtered.doctor.contains("EDITED   /proc/kallsyms"), "doctor says: \(filtered.doctor)")
      requireClear(filtered.scan, ["syscall-table", "syscall-dispatch", "kernel-text", "static-pointers"])
      _ = try guest.output(of: "umount /proc/kallsyms; : >/tmp/names; mount --bind /tmp/names /proc/kallsyms")
      let empty = try look()
      require(empty.doctor.contains("kernel's own table of symbols in memory"), "doctor says: \(empty.doctor)")
      require(empty.scan.report?.check("reader")?.outcome == "unknown", "reader is not unknown without any names")
      requireClear(empty.scan, ["syscall-table", "syscall-dispatch", "kernel-text", "static-pointers"])
      _ = try guest.output(of: "umount /proc/kallsyms")
      return Run(scans: [filtered.scan], expectation: .tampered("reader", ""), complaints: complaints)
    },

    Scenario(name: "a name is blanked in what is written to files", guests: one("6.12"), exemption: hasNoFixture) {
      guest in
      try LyingKernel.load(.blankedWrites(of: "syscall-table"), into: guest)
      let scan = try Scan(in: guest, only: checksOfReads, options: "--output - --format html --output /tmp/report.html")
      let text = try guest.output(of: "cat /tmp/report.html")
      try LyingKernel.unload(from: guest)
      return Run(
        scans: [scan], expectation: .tampered("reader", "written report"),
        complaints: text.contains("syscall-table") ? ["the report was not edited"] : [])
    },

    // kernel-text alone would believe them.
    Scenario(name: "reads of changed code return what was there before", guests: one("6.1"), exemption: hasNoFixture) {
      guest in
      let changed = try guest.symbol(Tampering.quietFunction) + 0x10
      try LyingKernel.load(.replay(changed), into: guest)
      // Only the guest itself is lied to.
      let run = try Change(checks: checksOfReads + ["kernel-text"], needsUserSpace: true) { tampering in
        try tampering.flipByte(at: changed + 8)
        return .tampered("reader", "", alsoSeenBy: probed)
      }.run(in: guest, prepared: "")
      try LyingKernel.unload(from: guest)
      return run
    },
  ]

  private static func one(_ label: String) -> Guests {
    .of([label], why: "what is read is compared with what other ways of reading give, which no kernel does differently")
  }

  /// Who may see the probes by which a kernel lies.
  private static let probed: Set<String> = ["kernel-text"]

  private static let checksOfReads = ["syscall-table", "reader"]

  private static func lying(
    _ name: String, only checks: [String] = ["kernel-text"], guests: Guests = .each,
    _ lie: @escaping @Sendable (Guest) throws -> (LyingKernel.Lie, Expectation)
  ) -> Scenario {
    Scenario(name: name, guests: guests, exemption: hasNoFixture) { guest in
      let (lie, expectation) = try lie(guest)
      try LyingKernel.load(lie, into: guest)
      let scan = try Scan(in: guest, only: checksOfReads + checks)
      try LyingKernel.unload(from: guest)
      return Run(scans: [scan], expectation: expectation)
    }
  }
}
