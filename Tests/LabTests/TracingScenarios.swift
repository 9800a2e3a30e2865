import Lab

/// Functions whose calls go through a module of ours first: by the function tracer, a probe, a direct call.
///
/// The module passes on each call (`Tests/Lab/fixtures/redirecting`, `Tests/Lab/fixtures/direct`).
extension Scenario {
  static let redirection: [Scenario] = [
    redirected("a system call's handler redirected by a listed module", "symbol=__x64_sys_getdents64", guests: eachForm)
    {
      .tampered(
        "ftrace", "__x64_sys_getdents64",
        and: [Expectation.Named(check: "syscall-dispatch", text: "[217]"), redirecting, placesRedirected])
    },

    redirected("what lists sockets redirected by a listed module", "symbol=tcp4_seq_show", guests: shared(by: "6.1")) {
      .tampered("ftrace", "tcp4_seq_show", and: [placesRedirected])
    },

    redirected(
      "a function that answers nobody redirected by a listed module", "symbol=\(harmless)", guests: shared(by: "6.12")
    ) {
      Expectation(
        verdict: .warning, named: [Expectation.Named(check: "ftrace", text: harmless), redirecting, placesRedirected])
    },

    // Nothing vouches for the module, which only the guest knows, and its function gets the registers.
    seen(
      "a system call's handler traced by a listed module", "trace", by: "ftrace", named: "__x64_sys_kill",
      guests: shared(by: "5.10", "6.1")),
    seen(
      "a system call's returns probed by a listed module", "kretprobe", by: "probes",
      named: "kretprobe at __x64_sys_kill",
      guests: shared(by: "6.12")),

    Scenario(
      name: "a function's record in the tracer that counts a user who is on no list", guests: calibrated(on: "6.1"),
      change: Change(checks: ["syscall-table", "ftrace"]) { tampering in
        try tampering.enableRecord(of: harmless)
        return Expectation(verdict: .warning, named: [unlisted])
      }),

    Scenario(
      name: "a tracer's user who took itself off the list of users", guests: shared(by: "5.10", "6.12"),
      exemption: hasNoFixture
    ) { guest in
      _ = try guest.output(of: "insmod /fixtures/redirecting.ko symbol=\(harmless) way=trace")
      let tampering = Tampering(guest)
      // That nothing vouches for the module only the guest knows.
      let scan = Result {
        try tampering.unlinkTracer()
        return try Scan(in: guest, only: ["syscall-table", "ftrace"])
      }
      try tampering.restore()
      _ = try guest.output(of: "rmmod redirecting")
      return Run(scans: [try scan.get()], expectation: Expectation(verdict: .warning, named: [unlisted]))
    },

    Scenario(
      name: "a probe of a program, whose handler was replaced by what nobody owns",
      guests: .of(["5.10", "6.12"], why: "a chain of those who are called at a probe, and a list")
    ) { guest in
      // A program that nobody runs.
      _ = try guest.output(
        of: """
          set -e
          cp $(readlink -f /bin/busybox) /tmp/probed
          echo 'p:user /tmp/probed:0x1000' >/sys/kernel/tracing/uprobe_events
          echo 1 >/sys/kernel/tracing/events/uprobes/enable
          """)
      let asked = ["syscall-table", "probes"]
      let clean = try Scan(ofMemoryOf: guest, only: asked)
      let run = try scanned(guest, only: asked) { tampering in
        try tampering.replaceUserProbeHandler()
        return .tampered("probes", "uprobe handler")
      }
      _ = try guest.output(
        of: "cd /sys/kernel/tracing; echo 0 >events/uprobes/enable; echo >uprobe_events; rm /tmp/probed")
      return Run(
        scans: run.scans, expectation: run.expectation,
        complaints: run.complaints + Expectation.clean.complaints(about: clean).map { "before: \($0)" })
    },

    // The live patch itself is one that nothing vouches for; what it does is a live patch's business.
    Scenario(
      name: "a live patch, without its file and with it",
      guests: .of(["6.12"], why: "the newest kernel that has our modules"), exemption: hasNoFixture
    ) { guest in
      _ = try guest.output(
        of: """
          insmod /fixtures/livepatched.ko
          while [ $(cat /sys/kernel/livepatch/livepatched/transition) != 0 ]; do sleep 0.1; done
          """)
      let asked = ["syscall-table", "kernel-text", "ftrace", "module-text"]
      let lacking = try Scan(in: guest, only: asked)
      let known = try Scan(in: guest, only: asked, options: " --reference /fixtures")
      _ = try guest.output(
        of: """
          echo 0 >/sys/kernel/livepatch/livepatched/enabled
          while ! rmmod livepatched 2>/dev/null; do sleep 0.1; done
          """)
      let isOpen = lacking.exitStatus == 3 && lacking.report?.findings.allSatisfy { $0.severity == "warning" } == true
      return Run(
        scans: [known], expectation: .clean,
        complaints: isOpen ? [] : ["without its file: status \(lacking.exitStatus), \(lacking.report?.findings ?? [])"])
    },

    Scenario(name: "a direct call that changes, during 6 scans", guests: shared(by: "5.10"), exemption: hasNoFixture) {
      guest in
      _ = try guest.output(of: "insmod /fixtures/direct.ko")
      let asked = ["syscall-table", "kernel-text", "ftrace"]
      // Each that is made here catches the kernel where it stops, now and then in the middle.
      let scans = try [Scan(in: guest, only: asked)] + (0..<5).map { _ in try Scan(ofMemoryOf: guest, only: asked) }
      _ = try guest.output(of: "rmmod direct")
      return Run(scans: scans, expectation: .clean)
    },
  ]

  /// Modules that stay in their guest.
  static let hiddenRedirection: [Scenario] = [
    Scenario(
      name: "calls redirected, and returns probed, by a hidden module",
      guests: shared(by: "6.12"), leavesGuestChanged: true, exemption: hasNoFixture
    ) { guest in
      for parameters in ["symbol=\(harmless) way=kretprobe", "symbol=__x64_sys_kill"] {
        _ = try guest.output(of: "insmod /fixtures/redirecting.ko hide=1 \(parameters)")
      }
      let map = try guest.run("/liveprobe syscalls")
      let place = try guest.run("/liveprobe scan --explain-bytes __x64_sys_kill")
      let hooks = try guest.run("/liveprobe hooks")
      let isTold =
        hooks.status == 2
        && ["module redirecting: HIDDEN", "system call 62 kill", "kretprobe"].allSatisfy {
          "\(hooks.text)".contains($0)
        }
      return Run(
        scans: [try Scan(in: guest, only: checks)],
        expectation: .tampered(
          "ftrace", "__x64_sys_kill",
          and: [
            Expectation.Named(check: "probes", text: "kretprobe at \(harmless)"),
            Expectation.Named(check: "kernel-text", text: "unowned code"),
            Expectation.Named(check: "syscall-dispatch", text: "[62]"),
          ]),
        complaints: [("syscalls", map), ("--explain-bytes", place)].compactMap { command, result in
          result.status == 2 && "\(result.text)".contains("unowned")
            ? nil : "\(command) ends with \(result.status): \(result.text.prefix(400))"
        } + (isTold ? [] : ["hooks ends with \(hooks.status): \(hooks.text.prefix(800))"]))
    }
  ]

  private static let eachForm = Guests.of(["5.10", "6.12"], why: "each form of the structures that the tracer keeps")

  /// A function of every kernel that can be traced and has no part in what programs read.
  private static let harmless = "si_meminfo"

  private static let checks = ["syscall-table", "syscall-dispatch", "kernel-text", "ftrace", "probes"]

  /// That the record of the harmless function has a user whom the tracer's list has not.
  private static let unlisted = Expectation.Named(check: "ftrace", text: "\(harmless) its record has users")
  private static let redirecting = Expectation.Named(check: "ftrace", text: "module redirecting")
  private static let placesRedirected = Expectation.Named(check: "kernel-text", text: "module redirecting")

  /// A system call that the module sees in one of its ways, and lets go.
  private static func seen(
    _ name: String, _ way: String, by check: String, named subject: String, guests: Guests
  ) -> Scenario {
    Scenario(name: name, guests: guests, exemption: hasNoFixture) { guest in
      _ = try guest.output(of: "insmod /fixtures/redirecting.ko symbol=__x64_sys_kill way=\(way)")
      let scan = try Scan(in: guest, only: checks)
      _ = try guest.output(of: "rmmod redirecting")
      return Run(
        scans: [scan],
        expectation: Expectation(
          verdict: .warning,
          named: [
            Expectation.Named(check: check, text: subject), placesRedirected,
            Expectation.Named(check: "syscall-dispatch", text: "[62]"),
          ]))
    }
  }

  private static func redirected(
    _ name: String, _ parameters: String, guests: Guests, expecting: @escaping @Sendable () -> Expectation
  ) -> Scenario {
    Scenario(name: name, guests: guests, exemption: hasNoFixture) { guest in
      _ = try guest.output(of: "insmod /fixtures/redirecting.ko \(parameters)")
      let run = try scanned(guest, only: checks, expecting: expecting())
      _ = try guest.output(of: "rmmod redirecting")
      return run
    }
  }
}
