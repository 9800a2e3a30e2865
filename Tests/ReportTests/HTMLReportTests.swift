import Audit
import KernelModel
import Report
import Testing

struct HTMLReportTests {
  private func page(_ verdict: Verdict, _ measurements: Measurements = Sample.measurements) -> String {
    HTMLReport(toolVersion: "0.1.0").render(verdict, measurements)
  }

  @Test(arguments: Sample.pages.map(\.name))
  func `every page is well-formed, holds what it links to, and loads nothing`(name: String) throws {
    let page = page(try #require(Sample.pages.first { $0.name == name }).verdict)
    let markup = try Markup(page)
    let ids = markup.elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    for link in markup.elements.compactMap({ $0.attributes["href"] }) {
      #expect(link.hasPrefix("#") && ids.contains(String(link.dropFirst())), "\(link) leads nowhere")
    }
    let known: Set = [
      "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer", "section", "article", "h1",
      "h2", "h3", "h4", "p", "ul", "ol", "li", "dl", "dt", "dd", "a", "span", "strong", "code", "pre", "mark", "br",
      "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption",
      "svg", "defs", "pattern", "g", "rect", "path", "text",
    ]
    #expect(Set(markup.elements.map(\.name)).subtracting(known).isEmpty)
    let attributes = Set(markup.elements.flatMap(\.attributes.keys))
    #expect(attributes.allSatisfy { !$0.hasPrefix("on") && !["style", "src", "srcset", "action"].contains($0) })
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("@import"))
    #expect(
      page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\""))
    #expect(page.unicodeScalars.allSatisfy { (" "..."~").contains($0) || "\n…–".unicodeScalars.contains($0) })
    #expect(page.hasSuffix("</html>\n"))
  }

  @Test func `what happened comes first, then what to do, then the evidence`() throws {
    let markup = try Markup(page(Sample.hookedExhibited))
    #expect(
      markup.texts(of: "h2") == [
        "What happened", "What to do first", "What is wrong", "Findings", "Implants", "Drift", "Accepted findings",
        "What could not be seen",
        "Checks", "Executable memory", "System calls", "Who is called",
      ])
    #expect(
      markup.texts(of: "h1") == [
        "CRITICAL signs of tampering: unowned code at 0xffffffffc0a31040: system calls read, open redirected; 2 facts not as "
          + "in the baseline"
      ])
    #expect(markup.texts(of: "title").first == "CRITICAL: kernel 6.1.0-56-amd64 - liveprobe")
    let levels = markup.elements.compactMap { ["h1": 1, "h2": 2, "h3": 3, "h4": 4][$0.name] }
    #expect(zip(levels, levels.dropFirst()).allSatisfy { $1 <= $0 + 1 })
    #expect(markup.all("table").count == markup.all("caption").count)
  }

  @Test func `a clean page says so, and has nothing to do`() throws {
    let markup = try Markup(page(Sample.exhibited))
    #expect(markup.texts(of: "h2").first == "Drift")
    #expect(markup.text(of: "memory").contains("Every page has an owner, and none may be written."))
    #expect(markup.text(of: "calls").contains("none was found changed"))
    #expect(markup.text(of: "drift").contains("unchanged: 812 facts as recorded"))
    #expect(markup.elements.allSatisfy { $0.attributes["class"] != "critical" })
  }

  @Test func `a finding stands with its evidence, its implant, and what to do`() throws {
    let markup = try Markup(page(Sample.hooked))
    let finding = markup.text(of: "finding-1")
    for part in [
      "sys_call_table[0] (read)", "expected__x64_sys_read+0x0", "observed0xffffffffc0a31040", "slot0xffffffff82000280",
      "leads to0xffffffffc0a31040, in implant 1",
    ] {
      #expect(finding.contains(part), "\(part)")
    }
    #expect(markup.text(of: "do-1").contains("isolate the host; do not reboot it"))
    let implant = markup.text(of: "implant-1")
    for part in ["disable_write_protection", "endbr64", "f3 0f 1e fa", "table-hook tutorial", "(UTF-16)"] {
      #expect(implant.contains(part), "\(part)")
    }
  }

  @Test func `changed slots and pages of nobody stand out, in words too`() throws {
    let markup = try Markup(page(Sample.hookedExhibited))
    let calls = markup.text(of: "calls")
    #expect(calls.contains("10 numbers, followed from do_syscall_64: 2 are redirected."))
    #expect(calls.contains("NOT THE KERNEL'S: unowned memory (r-x)via sys_call_tablefinding 1"))
    let memory = markup.text(of: "memory")
    #expect(memory.contains("nobody, r-x at 0xffffffffc0a31000"))
    #expect(memory.contains("writable: module loose at 0xffffffffc0a32000"))
    let marked = markup.elements.filter { $0.name == "rect" && $0.attributes["class"]?.hasPrefix("run nobody") == true }
    #expect(marked.count == 2)
    let called = markup.text(of: "called")
    #expect(called.contains("called in this kernel: 1 module that NOBODY VOUCHES FOR (redirecting)."))
    #expect(called.contains("system call 217 getdents64 (__x64_sys_getdents64) -> redirect"))
    #expect(called.contains("left out: 1 owner that came with the kernel, 1 hook") && !called.contains("bonding"))
    // Findings; a check; pages and slots, each in a table of its own and in that of all; a redirection.
    #expect(
      markup.elements.filter { $0.name == "tr" && $0.attributes["class"] == "critical" }.count == 2 + 1 + 2 * 2 + 2 * 2
        + 1)
  }

  @Test func `what could not be drawn says why`() throws {
    var verdict = Sample.clean
    verdict.exhibits = Exhibits(
      executableMemory: .failure(.symbolMissing("init_top_pgt")), systemCalls: [(.x86_64, .failure(.symbolsWithheld))],
      hooks: .failure(.symbolMissing("ftrace_ops_list")))
    let markup = try Markup(page(verdict))
    #expect(
      markup.text(of: "memory").contains("the symbol init_top_pgt is not in kallsyms"))
    #expect(markup.text(of: "calls").contains("kallsyms shows every address as zero"))
    #expect(markup.text(of: "called").contains("It could not be determined: the symbol ftrace_ops_list"))
  }

  @Test func `a name that is markup shows as text, everywhere`() throws {
    let page = page(Sample.markup)
    #expect(!page.contains("<script"))
    let markup = try Markup(page)
    #expect(markup.all("style").count == 1)
    for id in [
      "wrong", "do", "findings", "drift", "accepted", "implants", "memory", "calls", "called", "checks", "bytes",
      "unseen",
    ] {
      let text = markup.text(of: id)
      #expect(
        text.contains(#"<script>alert(1)</script>"'&\u{1b}[2J--><style>*{display:none}</style>\u{202e}"#), "\(id)")
    }
  }

  @Test func `a name of ten thousand letters is cut`() {
    #expect(page(Sample.longName).utf8.count < 40_000)
  }

  @Test func `thousands of everything are bounded, and what is left out is said`() throws {
    let page = page(Sample.flood)
    #expect(page.utf8.count < 3_000_000)
    let markup = try Markup(page)
    #expect(markup.text(of: "findings").contains("6000"))
    #expect(markup.all("article").count == 40 + 12)
    #expect(markup.text(of: "findings").contains("--format json has them all"))
    #expect(markup.text(of: "implants").contains("52 further implants"))
    #expect(markup.text(of: "memory").contains("Not drawn, as there are too many: 7313 runs."))
    #expect(markup.text(of: "calls").contains("4800 more: liveprobe syscalls has them all"))
    #expect(markup.text(of: "calls").contains("3000 more: liveprobe syscalls has them all"))
    #expect(markup.text(of: "called").contains("260 more owners: liveprobe hooks has them all"))
    #expect(markup.text(of: "called").contains("44 more lines: liveprobe hooks has them all"))
    #expect(markup.text(of: "memory").contains("4300 more runs: liveprobe map has them all"))
  }

  @Test func `measurements show in one line`() {
    let other = Measurements(
      startedAt: "2027-01-01T00:00:00Z", wallSeconds: .nan, kcoreBytesRead: .max, symbols: 7, peakMemoryBytes: 100)
    let first = page(Sample.hookedExhibited).split(separator: "\n")
    let second = page(Sample.hookedExhibited, other).split(separator: "\n")
    #expect(zip(first, second).filter { $0 != $1 }.count == 1)
    #expect(first.count == second.count)
  }
}
