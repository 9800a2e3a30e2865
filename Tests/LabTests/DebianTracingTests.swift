import Lab
import Testing

/// What an administrator of a Debian host uses: bpftrace and trace-cmd, beside the BPF programs of systemd's own, which the
/// package's test has in each run.
@Suite(
  "Tracing on a Debian host", .lab,
  .enabled(
    if: LabSettings().tier == .all, "its guest boots for longer than all rows of BPF programs take: make test-all"))
struct DebianTracingTests {
  @Test func `nothing is found while it goes on`() async throws {
    await LabRuns.shared.enter(isLong: true)
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(GuestKernel.debian, settings) else { return }
    let guest = try Guest.boot(
      kernel, settings: settings, liveprobe: settings.liveprobe, options: GuestOptions(bootTimeout: 300))
    defer { guest.shutdown() }
    #expect(try guest.output(of: "systemctl is-system-running --wait", timeout: 300) == "running")

    #expect(try guest.output(of: Self.systemdsPrograms) != "0")
    try expectClean("systemd's programs", in: guest)

    // A kind of probe each.
    _ = try guest.output(
      of: """
        bpftrace -e '
          BEGIN { printf("ready\\n"); }
          kprobe:si_meminfo { @probed = count(); }
          kretprobe:si_meminfo { @returned = count(); }
          kfunc:vfs_llseek { @entered = count(); }
          tracepoint:syscalls:sys_exit_getdents64 { @listed = count(); }
          uprobe:/lib/x86_64-linux-gnu/libc.so.6:getpwnam { @asked = count(); }
        ' >/tmp/bpftrace 2>&1 & echo $! >/tmp/bpftrace.pid
        for i in $(seq 240); do grep -q ready /tmp/bpftrace && exit; sleep 0.5; done; cat /tmp/bpftrace >&2; exit 1
        """, timeout: 300)
    #expect(try guest.output(of: "grep -c si_meminfo /sys/kernel/debug/kprobes/list") == "2")
    #expect(try guest.output(of: "grep -c '^vfs_llseek ' /sys/kernel/tracing/enabled_functions") == "1")
    try expectClean("bpftrace", in: guest)
    _ = try guest.output(
      of: "kill $(cat /tmp/bpftrace.pid); while kill -0 $(cat /tmp/bpftrace.pid); do sleep 0.1; done 2>/dev/null; :")

    // Of one function: to record all that the kernel does would take the emulator minutes.
    _ = try guest.output(of: "trace-cmd start -p function_graph -l vfs_llseek")
    #expect(try guest.output(of: "cat /sys/kernel/tracing/current_tracer") == "function_graph")
    try expectClean("function_graph", in: guest)
    _ = try guest.output(of: "trace-cmd stop; trace-cmd reset")
    try expectClean("nothing any more", in: guest)
  }

  /// Prints how many BPF programs systemd holds: of cgroups, which its own services' units ask for.
  static let systemdsPrograms = "grep -l prog_id /proc/1/fdinfo/* | wc -l"

  private func expectClean(_ state: String, in guest: Guest) throws {
    let complaints = Expectation.clean.complaints(about: try Scan(in: guest))
    #expect(complaints.isEmpty, "\(state): \(complaints)")
  }
}
