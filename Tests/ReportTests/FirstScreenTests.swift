import Audit
import KernelModel
import Testing

@testable import Report

/// The first screen says what happened, and what to do first.
@Suite struct FirstScreenTests {
  private func lines(_ verdict: Verdict, isVerbose: Bool = false) -> [Substring] {
    TextReport(isVerbose: isVerbose).render(verdict, Sample.measurements).split(
      separator: "\n", omittingEmptySubsequences: false)
  }

  private func words(_ lines: some Sequence<Substring>) -> String {
    lines.joined(separator: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test(arguments: Sample.all.map(\.name).filter { $0 != "long name" })
  func `what happened and what to do first stand in 24 lines`(name: String) throws {
    let lines = lines(try #require(Sample.all.first { $0.name == name }).verdict)
    if let steps = lines.firstIndex(of: "DO FIRST") {
      let end = lines[steps...].firstIndex(of: "") ?? lines.endIndex
      #expect(end <= Page.screen)
    }
    for heading in ["FINDING ", "CHECKS"] {
      guard let first = lines.firstIndex(where: { $0.hasPrefix("INCIDENT ") || $0 == "UNANSWERED" }) else { continue }
      #expect(lines.firstIndex { $0.hasPrefix(heading) }.map { $0 > first } ?? true)
    }
  }

  @Test func `a clean scan has at most ten lines, with how much was counted and compared`() {
    for verdict in [Sample.clean, Sample.counted(unexplained: 0), Sample.asRecorded] {
      let lines = lines(verdict).dropLast()
      #expect(lines.count <= 10, "\(lines.joined(separator: "\n"))")
      #expect(!lines.contains(""))
    }
    let counted = words(lines(Sample.counted(unexplained: 0)))
    #expect(
      counted.contains(
        "compared kernel, 22.64 MiB, and 3 modules, 252.00 KiB of code and constants: 0 bytes unexplained"))
    #expect(counted.contains("pointers of 16294 code pointers in writable kernel memory, "))
    #expect(counted.contains("more: liveprobe scan -v; "))
  }

  @Test func `who, what, how it is known, and what to do`() {
    let screen = words(lines(Sample.hooked).prefix(Page.screen))
    #expect(
      screen.hasPrefix(
        "CRITICAL signs of tampering: unowned code at 0xffffffffc0a31040: system calls read, open redirected "))
    #expect(
      screen.contains(
        "INCIDENT 1 of 1 critical unowned code at 0xffffffffc0a31040 Effect: system calls read, open redirected. "))
    #expect(screen.contains("Code: 0xffffffffc0a31000-0xffffffffc0a32fff, 8.00 KiB (implant 1)."))
    #expect(screen.contains("Evidence: comparison with the vendor's files (syscall-table)."))
    #expect(screen.contains("Strings as in table-hook tutorial: attribution, not proof."))
    #expect(screen.contains("Findings 1-2; ATT&CK T1014."))
    #expect(screen.contains("DO FIRST 1. do not reboot"))
  }

  @Test func `a lying reader changes what is done first, and a dump has its own steps`() {
    var verdict = Sample.hooked
    verdict.answers[0].findings[0].proof = .readingPath
    #expect(words(lines(verdict)).contains("2. take a memory image from outside"))
    for index in verdict.answers.indices { verdict.answers[index].isOfRunningKernel = false }
    #expect(words(lines(verdict)).contains("1. keep the dump and this report"))
  }

  @Test func `warnings have their findings' own steps, each once`() {
    let text = words(lines(Sample.guarded))
    #expect(text.contains("DO FIRST 1. ask who installed edr_guard FINDING 1 of 1"))
    #expect(text.contains("It may be benign: see below."))
    #expect(text.hasPrefix("WARNING a person must confirm: module edr_guard: system call execve redirected "))
  }

  @Test func `what could not be answered stands with its reason and its remedy`() {
    let screen = words(lines(Sample.unknown).prefix(Page.screen))
    #expect(
      screen.contains(
        "* kallsyms shows every address as zero open module-list do run as root with CAP_SYSLOG and kernel.kptr_restrict below 2"
      ))
    #expect(screen.contains("open syscall-table (ia32_sys_call_table, ia32_sys_call_table[11] (execve)) do"))
  }

  @Test func `bytes, code, strings, remarks and what was compared are shown only if they are asked for`() {
    let brief = words(lines(Sample.hooked))
    let verbose = words(lines(Sample.hooked, isVerbose: true))
    for part in ["endbr64", "strings 12 of 65", "compared sys_call_table with", "remark", "compare with a second host"]
    {
      #expect(!brief.contains(part), "\(part)")
      #expect(verbose.contains(part), "\(part)")
    }
    for part in ["FINDING 2 of 2", "IMPLANT 1 of 1", "matched hack_read", "FOUND syscall-table"] {
      #expect(brief.contains(part) && verbose.contains(part), "\(part)")
    }
  }

  @Test func `a BPF program is told with its number and who holds it`() {
    var verdict = Sample.guarded
    verdict.answers[0].findings[0].owner = nil
    verdict.answers[0].findings[0].program = Finding.Program(name: "hide", tag: "00c0ffee00c0ffee")
    verdict.answers[0].findings[0].loadedProgram = Finding.LoadedProgram(number: 57, holder: "process 812 (agent)")
    #expect(
      words(lines(verdict)).contains("INCIDENT 1 of 1 warning BPF program 57 (hide), held by process 812 (agent) "))
  }

  @Test func `that nothing vouches for a module is told once`() {
    var verdict = Sample.guarded
    verdict.answers[0].findings[0].stranger = Finding.Stranger(module: "edr_guard", identity: "sha256 1")
    verdict.answers[0].findings[0].effects.append(.init(.loadsModule, "edr_guard"))
    let text = words(lines(verdict))
    #expect(
      text.contains(
        "INCIDENT 1 of 1 warning module edr_guard, which nothing vouches for Effect: system call execve redirected. Evidence"
      ))
  }

  @Test func `many incidents have a line each, and those beyond the screen a number`() {
    let findings = (0..<40).map { index in
      var finding = Sample.hook(
        index, "call\(index)", at: 0xffff_ffff_c0b0_0000,
        owner: .module(Place(symbol: "hook", module: "module\(index)")))
      finding.effects = [.init(.redirectsSystemCall, "call\(index)")]
      return finding
    }
    let verdict = Sample.verdict([Sample.answer(findings)])
    let lines = lines(verdict)
    #expect(lines.contains { $0.hasPrefix("INCIDENT 1 of 40  critical  module module0") })
    #expect(lines.contains { $0.contains(" more, incidents ") && $0.hasSuffix(" to 40: see the findings below") })
    #expect(words(lines).contains("(1) module module0: system call call0 redirected; (2) module module1"))
    #expect(words(lines).contains("; and 38 more incidents"))
  }

  @Test func `every format has the incidents, and the techniques`() throws {
    let json = try JSONValue.parse(JSONReport(toolVersion: "0.1.0").render(Sample.hooked, Sample.measurements))
    let incident = try #require(json["incidents"]?.list?.first)
    #expect(incident["culprit"]?["kind"] == .text("unowned-code"))
    #expect(incident["culprit"]?["address"] == .text("0xffffffffc0a31040"))
    #expect(incident["findings"]?.list?.count == 2 && incident["implants"]?.list == [.number(1)])
    #expect(incident["techniques"]?.list?.first?["id"] == .text("T1014"))
    #expect(json["firstSteps"]?.list?.count == 5)
    let page = HTMLReport(toolVersion: "0.1.0").render(Sample.hooked, Sample.measurements)
    #expect(page.contains("<h2 id=\"happened-title\">What happened</h2>"))
    let line = MonitoringReport().render(Sample.hooked, Sample.measurements)
    #expect(
      line.hasPrefix(
        "LIVEPROBE CRITICAL - signs of tampering: unowned code at 0xffffffffc0a31040: system calls read, open redirected|"
      ))
    let events = ECSReport(toolVersion: "0.1.0", hostName: "h").render(Sample.hooked, Sample.measurements)
      .split(separator: "\n")
    let event = try JSONValue.parse(String(events[1]))
    #expect(event["threat"]?["framework"] == .text("MITRE ATT&CK"))
    #expect(event["threat"]?["technique"]?["id"] == .list([.text("T1014")]))
    #expect(event["liveprobe"]?["incident"] == .number(1))
    let entries = try JournalReport(toolVersion: "0.1.0").entries(Sample.hooked, Sample.measurements).map {
      try JournalFields($0.bytes)
    }
    #expect(entries[0].values("LIVEPROBE_INCIDENT").count == 1 && entries[1].values("LIVEPROBE_INCIDENT") == ["1"])
    #expect(entries[1].values("LIVEPROBE_TECHNIQUE") == ["T1014"])
  }
}
