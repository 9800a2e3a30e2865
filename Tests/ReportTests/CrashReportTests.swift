import Audit
import Checks
import Crash
import KernelModel
import Report
import TestKernel
import Testing

/// The story of a panic as a page says it.
@Suite struct CrashReportTests {
  /// The lines of one step, without its title.
  private func step(_ title: String, of report: CrashReport, logLines: Int = 40) throws -> [String] {
    let lines = report.text(.plain, logLines: logLines).split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasSuffix(title) })
    return lines[(start + 1)...].prefix { !$0.isEmpty }.map(String.init)
  }

  @Test func `the six steps, the account and the end follow each other`() {
    let text = SampleCrash.hooked.text(.plain, logLines: 40)
    let titles = text.split(separator: "\n").filter { $0.first?.isNumber == true && $0.dropFirst().hasPrefix("  ") }
    #expect(
      titles == [
        "1  SYSTEM", "2  WHERE IT WAS", "3  STACK", "4  SUSPECT MEMORY", "5  REFERENCES TO IT",
        "6  LIKELY EXPLANATIONS",
      ])
    #expect(
      text.hasPrefix("CRITICAL  system call 0 (read) led into unowned memory at 0xffffffffc0331000, which also holds\n")
    )
    #expect(
      text.hasSuffix(
        """

        the checks of scan: CRITICAL, signs of tampering: unowned code at 0xffffffffc0331000
        exit status 2 (CRITICAL)
        run: 2026-03-01T03:00:00Z, 0.41 s, 1 look, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

        """))
  }

  @Test func `the system is told with what confirms it`() throws {
    let lines = try step("SYSTEM", of: SampleCrash.hooked)
    for line in [
      "  kernel        6.1.0-test x86_64, build id 01", "  host          web-3",
      "  confirmed     release: 6.1.0-test, by init_uts_ns in memory and VMCOREINFO",
      "  address       0xffffffffc0331074: unowned memory (r-x)",
      "  taint         O", "  modules       1 listed: sample (OE)", "  unloaded last gone",
      "  unloaded      tainted the kernel: gone (E)", "  log           3 records in memory",
      "    [    0.002000] CPU: 1 PID: 458 Comm: dd Tainted: G           OE      6.1.0-test #1",
    ] { #expect(lines.contains(line), "\(line)") }
    #expect(lines.contains { $0.hasPrefix("  died of       Kernel panic - not syncing: stack-protector: ") })
    #expect(lines.contains { $0.contains("confirmed by the code") })
  }

  @Test func `as many lines of the log are shown as are wanted`() throws {
    func shown(_ count: Int) throws -> [String] {
      try step("SYSTEM", of: SampleCrash.hooked, logLines: count).filter { $0.hasPrefix("    [") }
    }
    #expect(try shown(0).isEmpty)
    #expect(try shown(1).map { $0.hasPrefix("    [    0.002000] CPU: 1") } == [true])
    #expect(try shown(1000).count == 3)
    #expect(try step("SYSTEM", of: SampleCrash.hooked, logLines: 0).contains("  log           3 records in memory"))
  }

  @Test func `where it was is told with the call and where it leads`() throws {
    let lines = try step("WHERE IT WAS", of: SampleCrash.hooked)
    #expect(
      lines.prefix(2) == [
        "  task          dd, pid 458, task_struct at 0xffff888000001000", "  processor     1, by panic_cpu",
      ])
    #expect(lines.contains { $0.hasPrefix("  registers     rip ffffffff81001020  rsp ffffc90000007000") })
    #expect(lines.contains { $0.hasPrefix("  came in with  rip 000000000047b6fd") })
    #expect(
      lines.suffix(3) == [
        "  system call   0 (read), of 64-bit programs",
        "  arguments     0x0, 0x7f0000001000, 0x1092, 0x0, 0x0, 0x0",
        "  leads to      0xffffffffc0331000, NOT THE KERNEL'S: unowned memory (r-x), via sys_call_table",
      ])
  }

  @Test func `the trace and the words of the stack are beside each other`() throws {
    let lines = try step("STACK", of: SampleCrash.hooked)
    #expect(lines.first == "  unwound by the kernel's own tables")
    #expect(
      lines.contains("    #2   0xffffc90000007040  0xffffffffc0331074  UNOWNED (r-x)"))
    #expect(lines.contains("    end  the program that called the kernel"))
    #expect(lines.contains("  every word that leads to code, 0xffffc90000007000-0xffffc90000007fff, 4.00 KiB"))
    #expect(
      lines.contains("    * 0xffffc90000007040  0xffffffffc0331074  call             UNOWNED (r-x)"))
    #expect(lines.contains { $0.hasPrefix("  but           the unwound trace goes through 0xffffffffc0331074") })
    #expect(lines.contains("  blocked: cat, pid 777"))
  }

  @Test func `what is led to is told with its module, the words of the stack and what lies there`() throws {
    let lines = try step("SUSPECT MEMORY", of: SampleCrash.hooked)
    #expect(lines.first?.hasPrefix("  implant 1 of 1  0xffffffffc0331000-") == true)
    #expect(lines.contains("  module        hooked, missing from the list of modules, the vmalloc areas"))
    #expect(
      lines.contains {
        $0.hasPrefix("  stack word    0xffffffffc0331074 at 0xffffc90000007040: 0x74 bytes behind the")
      })
    for text in ["hack_read", "hack_open", "disable_write_protection"] {
      #expect(lines.contains { $0.contains(text) }, "\(text)")
    }
  }

  @Test func `who leads there is told, and what was not searched`() throws {
    #expect(
      try step("REFERENCES TO IT", of: SampleCrash.hooked) == [
        "  * sys_call_table[0] (read) -> 0xffffffffc0331000", "  * sys_call_table[2] (open) -> 0xffffffffc0331080",
        "  * the function tracer (ftrace_ops at 0xffff888000005000) -> 0xffffffffc0331010",
        "  * a pointer in kernel data, sys_call_table+0x0 -> 0xffffffffc0331000",
        "  * a pointer in kernel data, sys_call_table+0x10 -> 0xffffffffc0331080",
        "  - 4096 bytes of the kernel's and the modules' data could not be searched",
      ])
  }

  @Test func `each likeness is told with what speaks for it and what against`() throws {
    let lines = try step("LIKELY EXPLANATIONS", of: SampleCrash.hooked)
    #expect(lines.first == "  a rootkit: 5 for, 0 against")
    #expect(lines.count { $0.hasPrefix("    + ") } == 6)
    #expect(lines.contains("    - live patches redirect functions by the function tracer and leave tables alone"))
  }

  @Test func `a healthy kernel's panic is no finding`() throws {
    let report = SampleCrash.requested
    #expect(report.status == .ok)
    let text = report.text(.plain, logLines: 40)
    #expect(text.hasPrefix("OK        somebody asked for this crash (sysrq)\n"))
    #expect(
      try step("SUSPECT MEMORY", of: report) == ["  nothing but the kernel's own code and that of listed modules"])
    #expect(try step("REFERENCES TO IT", of: report) == ["  nothing: no redirection was found"])
    #expect(text.contains("exit status 0 (OK)"))
  }

  @Test func `a fault is told with its access, and where there is no code`() throws {
    let lines = try step("SYSTEM", of: SampleCrash.freed)
    #expect(lines.contains("  access        supervisor instruction fetch in kernel mode, not-present page"))
    #expect(lines.contains("  address       0xffffffffc0700010: unmapped memory"))
    #expect(lines.contains("  panic         Fatal exception"))
    #expect(SampleCrash.freed.status == .ok)
  }

  @Test func `where the task is not known, the log's word is told as such`() throws {
    let lines = try step("WHERE IT WAS", of: SampleCrash.withoutTask(isNumbered: true))
    #expect(
      lines.prefix(2) == [
        "  unknown       could not read 0xffff888000001000: refused with error 14",
        "  by the log    dd, pid 458, processor 1",
      ])
    #expect(lines.contains("  system call   0 (read), of 64-bit programs"))
  }

  @Test func `a task that is known by its number only is called what the log calls it`() throws {
    let lines = try step("WHERE IT WAS", of: SampleCrash.withoutTask(isNumbered: false))
    #expect(
      lines.prefix(4) == [
        "  task          dd by the log, pid 458, task_struct at 0xffff888000001000", "  processor     1, by panic_cpu",
        "  but           its task is known by its number and its stack only: could not read",
        "                0xffff888000001000: refused with error 14",
      ])
  }

  @Test func `a story of which nothing is known is UNKNOWN, and each step says why`() throws {
    let report = SampleCrash.untold
    #expect(report.status == .unknown)
    let text = report.text(.plain, logLines: 40)
    #expect(
      text.hasPrefix("UNKNOWN   the log does not say what this kernel died of; not looked at, or not wholly: the log,"))
    #expect(try step("SYSTEM", of: report).contains("  taint         cannot be read"))
    #expect(try step("SYSTEM", of: report).contains { $0.hasPrefix("  log           cannot be read: the symbol") })
    #expect(try step("WHERE IT WAS", of: report).first?.hasPrefix("  unknown       the symbol __start_BTF") == true)
    #expect(try step("STACK", of: report).first?.hasPrefix("  unknown       the symbol __start_BTF") == true)
    #expect(try step("LIKELY EXPLANATIONS", of: report) == ["  nothing that is known"])
    #expect(text.contains("exit status 3 (UNKNOWN)"))
  }

  @Test func `a check without an answer leaves the story UNKNOWN, and the first line says which`() {
    let report = SampleCrash.report(SampleCrash.healthyPanic, open: true)
    #expect(report.status == .unknown)
    #expect(
      report.text(.plain, logLines: 0).hasPrefix(
        "UNKNOWN   somebody asked for this crash (sysrq); not looked at, or not wholly: kernel-text\n\n"))
    let words = report.text(.plain, logLines: 0).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("Nothing that could be looked at leads to unowned memory."))
    #expect(!words.contains("No table, no code"))
    #expect(SampleCrash.requested.status == .ok)
  }

  /// A page of what a story is told from.
  private static let pages: [UInt64] = [
    (TestPanic.textStart, TestPanic.end), (TestPanic.stack, TestPanic.stackEnd),
    (TestPanic.task, TestPanic.task + 0x2000),
    (TestPanic.perProcessor, TestPanic.perProcessor + 0x1000), (TestPanic.orphan, TestPanic.orphan + 0x3000),
  ].flatMap { start, end in stride(from: start & ~4095, to: end, by: 4096) }

  @Test func `whichever page is missing, a hook that the checks did not see does not end in OK`() {
    #expect(SampleCrash.report(SampleCrash.unseenHook).status == .critical)
    for page in Self.pages {
      let panic = SampleCrash.unseenHook
      panic.memory.withheld = [MemoryRegion(start: KernelAddress(page), byteCount: 4096)]
      #expect(SampleCrash.report(panic).status != .ok, "\(KernelAddress(page))")
    }
  }

  @Test(arguments: [
    ("its task", TestPanic.task, "where it was"), ("its stack", TestPanic.stackEnd - 4096, "stack"),
    ("the variables", TestPanic.data, "where it was"), ("the log's text", TestPanic.Variable.texts, "what it died of"),
    ("the table of calls", TestPanic.Variable.calls, "where its system call leads"),
  ]) func `a page that a step needs leaves the story UNKNOWN`(_ what: String, _ page: UInt64, _ words: String) {
    let panic = SampleCrash.healthyPanic
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(page & ~4095), byteCount: 4096)]
    let report = SampleCrash.report(panic)
    #expect(report.status == .unknown)
    let text = report.text(.plain, logLines: 0).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    #expect(text.contains(words), "\(text)")
  }

  @Test(arguments: SampleCrash.all.map(\.name))
  func `no story holds anything but printable ASCII, line ends and our own ellipsis`(name: String) throws {
    let report = try #require(SampleCrash.all.first { $0.name == name }).report
    for text in [report.text(.plain, logLines: 40), report.json(toolVersion: "0.1.0")] {
      #expect(text.unicodeScalars.allSatisfy { (" "..."~").contains($0) || $0 == "\n" || $0 == "…" })
      #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
    }
    for line in report.text(.plain, logLines: 40).split(separator: "\n") { #expect(line.last != " ", "|\(line)|") }
  }

  @Test func `hostile names are escaped wherever they stand, and forge no line`() throws {
    let report = SampleCrash.hostileNames
    let text = report.text(.plain, logLines: 40)
    let escaped = #"\u{1b}[2K\u{a}OK |x"#
    #expect(try step("SYSTEM", of: report).contains("  host          \(escaped)\\u{202e}"))
    #expect(try step("SYSTEM", of: report).contains("  confirmed     \(escaped)\\u{202e}"))
    #expect(try step("SYSTEM", of: report).contains("  unloaded last \(escaped)\\u{202e}"))
    #expect(
      try step("SYSTEM", of: report).contains("  modules       1 listed: \(escaped)\\u{202e} (\(escaped)\\u{202e})"))
    #expect(try step("WHERE IT WAS", of: report).first?.hasPrefix("  task          \(escaped), pid 458") == true)
    #expect(try step("STACK", of: report).contains("  blocked: \(escaped), pid 777"))
    #expect(text.contains(#"\u{1b}]0;x |\u{7} Not tainted"#))
    for line in text.split(separator: "\n") {
      #expect(!line.hasPrefix("OK"))
      // Records of several lines are told line by line, each behind its time.
      if line.contains("] OK |x") { #expect(line.hasPrefix("    [")) }
    }
  }
}
