import Lab

/// Processes that one of the kernel's views of them lacks, what they may do, and what the kernel itself goes by.
extension Scenario {
  static let tasks: [Scenario] = [
    Scenario(
      name: "clean, while processes come and go",
      guests: .of(["7"], why: "the newest kernel; what races is the same on the others")
    ) { guest in
      _ = try guest.output(
        of: """
          rm -f /tmp/calm /tmp/over
          storm() {
            until [ -e /tmp/calm ]; do
              for i in 1 2 3 4 5 6 7 8; do ( : ) & ( ( : ) & ) & done
              wait
            done
            : >/tmp/over
          }
          storm >/dev/null 2>&1 &
          renice -n 5 -p $! >/dev/null
          """)
      let count = LabSettings().tier == .all ? 20 : 4
      let scans = try (0..<count).map { number in
        let checks = ["syscall-table", "processes", "credentials", "sockets", "switches", "keyrings"]
        return number.isMultiple(of: 4) ? try Scan(ofMemoryOf: guest, only: checks) : try Scan(in: guest, only: checks)
      }
      _ = try guest.output(of: ": >/tmp/calm; until [ -e /tmp/over ]; do sleep 0.1; done; rm /tmp/over")
      return Run(scans: scans, expectation: .clean)
    },

    Scenario(
      name: "a process that was taken off the list of tasks", guests: calibrated(on: "6.12"),
      change: Change(checks: ["syscall-table", "processes"]) { tampering in
        // It sleeps: whoever takes it off the list again when it ends would stumble.
        try tampering.removeProcess(named: "kswapd0", from: .list)
        return .tampered("processes", "it is hidden")
      }),
    Scenario(
      name: "a process that was taken out of the table of numbers", guests: calibrated(on: "5.10"),
      change: Change(checks: ["syscall-table", "processes"]) { tampering in
        try tampering.removeProcess(named: "kswapd0", from: .numbers)
        return .tampered("processes", "it is hidden")
      }),
    Scenario(
      name: "a process with the kernel's own credentials",
      change: Change(checks: ["syscall-table", "credentials"]) { tampering in
        try tampering.giveKernelsCredentials()
        return .tampered("credentials", "it has the kernel's own credentials")
      }),
    Scenario(
      name: "a process with the credentials of another", guests: calibrated(on: "6.1"),
      change: Change(checks: ["syscall-table", "credentials"]) { tampering in
        try tampering.shareCredentials()
        return .tampered("credentials", "")
      }),
    Scenario(
      name: "a process whose user was written over", guests: calibrated(on: "7"),
      change: Change(checks: ["syscall-table", "credentials"]) { tampering in
        try tampering.changeUser(to: 1000)
        return .tampered("credentials", "its user was changed by no system call")
      }),
    Scenario(
      name: "a modprobe_path of nobody's",
      exemption: {
        $0 is Guest ? "a running kernel's host is asked whose program it is, and guests have no records" : nil
      },
      change: Change(checks: ["syscall-table", "switches"]) { tampering in
        try tampering.setText("modprobe_path", to: "/tmp/x")
        return Expectation(
          verdict: .warning, named: [Expectation.Named(check: "switches", text: "kernel.modprobe")])
      }),
    Scenario(
      name: "a built-in key that the image has not", guests: calibrated(on: "6.12"),
      change: Change(checks: ["syscall-table", "keyrings"]) { tampering in
        try tampering.changeKey(on: "builtin_trusted_keys")
        return .tampered("keyrings", "the vendor did not build in")
      }),
  ]
}
