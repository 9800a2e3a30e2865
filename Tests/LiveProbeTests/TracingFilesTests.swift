import KernelModel
import LiveProbe
import Testing

@Suite struct TracingFilesTests {
  private let fixture: FixtureRoot

  init() throws {
    fixture = try FixtureRoot()
    try fixture.write("proc /proc proc rw 0 0\n", to: "proc/self/mounts")
    try fixture.write(
      """
      vfs_open (1) R I          	tramp: 0xffffffffc0a00000 (kprobe_ftrace_handler+0x0/0x1f0)
      loop_open [loop] (2)
      ksys_read (1)     D M
      	direct-->bpf_trampoline_6442462071+0x0/0x100

      """, to: "sys/kernel/debug/tracing/enabled_functions")
  }

  private var told: ToldTracing { TracingFiles.told(fixture.root) }

  @Test func `what is not mounted is not looked into`() throws {
    #expect(throws: Withheld("enabled_functions", why: "tracefs is not mounted")) { try told.functions().get() }
    // Whatever is in the place where it could be mounted by looking.
    try fixture.write("debugfs /sys/kernel/debug debugfs rw 0 0\n", to: "proc/self/mounts")
    #expect(throws: Withheld.self) { try told.functions().get() }
  }

  @Test func `the kernel's own functions are told by their names`() throws {
    try fixture.write("tracefs /sys/kernel/debug/tracing tracefs rw 0 0\n", to: "proc/self/mounts")
    #expect(told.functions() == .success(["vfs_open", "ksys_read"]))
    try fixture.write(
      "tracefs /sys/kernel/debug/tracing tracefs rw 0 0\ntmpfs /sys/kernel/debug/tracing tmpfs rw 0 0\n",
      to: "proc/self/mounts")
    #expect(throws: Withheld.self) { try told.functions().get() }
  }

  @Test func `probes are told by their addresses, unless these are withheld`() throws {
    try fixture.write("none /sys/kernel/debug debugfs rw 0 0\n", to: "proc/self/mounts")
    #expect(throws: Withheld.self) { try told.probes().get() }
    try fixture.write(
      "ffffffff812f4a70  k  vfs_open+0x0    [FTRACE]\nffffffff812f7b90  r  ksys_read+0x0    [DISABLED]\n",
      to: "sys/kernel/debug/kprobes/list")
    #expect(told.probes() == .success([0xffff_ffff_812f_4a70, 0xffff_ffff_812f_7b90]))
    try fixture.write("0000000000000000  k  vfs_open+0x0\n", to: "sys/kernel/debug/kprobes/list")
    #expect(throws: Withheld("kprobes/list", why: "does not show addresses")) { try told.probes().get() }
  }
}
