import Audit
import KernelModel
import Report
import Testing

struct SiteReportTests {
  @Test func `a place that is as it should be`() {
    let expected = """
      OK          the bytes here are the ones that should be there
      kernel      6.1.0-56-amd64 x86_64
      place       0xffffffff815669e2, kernel text, vfs_read+0x2
      file        /boot/vmlinuz-6.1.0-56-amd64, section .text
      shown       5 bytes from 0xffffffff815669e0 on

      HOW THE BYTES COME ABOUT
        file      e8 6b fc d0 ff
        step      function tracing (ftrace): e8 6b fc d0 ff becomes 0f 1f 44 00 00
          why     this function is not traced
        expected  0f 1f 44 00 00
        memory    the same

      CODE
        > 0xffffffff815669e0  0f 1f 44 00 00            nop     dword ptr [rax + rax]

      exit status 0 (OK): memory holds what the vendor's file and the kernel's own patching make

      """
    #expect(SiteReport().render(Sample.explained, Sample.kernel) == expected)
    #expect(SiteReport.status(Sample.explained) == .ok)
  }

  @Test func `a place that leads astray shows both sides, and whose the target is`() {
    let text = SiteReport().render(Sample.unexplained, Sample.kernel)
    #expect(text.hasPrefix("CRITICAL    5 bytes here are not what should be there\n"))
    #expect(
      text.hasSuffix(
        """
          expected  0f 1f 44 00 00
          memory    e9 5b a6 4c 3f

        CODE EXPECTED
          > 0xffffffff815669e0  0f 1f 44 00 00            nop     dword ptr [rax + rax]

        CODE IN MEMORY
          > 0xffffffff815669e0  e9 5b a6 4c 3f            jmp     0xffffffffc0a31040
            leads to  0xffffffffc0a31040, unowned memory (r-x)

        exit status 2 (CRITICAL): nothing of the kernel's own explains what is there

        """))
    #expect(SiteReport.status(Sample.unexplained) == .critical)
    var changed = Sample.unexplained
    changed.observed.instructions = []
    changed.observed.destinations = []
    let other = SiteReport().render(changed, Sample.kernel)
    #expect(other.contains("\nwhat is in memory is no instruction\n"))
    #expect(!other.contains("CODE IN MEMORY"))
  }

  @Test func `other bytes that are as legal are no alarm`() {
    var explanation = Sample.unexplained
    explanation.agreement = .alsoLegal
    let text = SiteReport().render(explanation, Sample.kernel)
    #expect(text.hasPrefix("OK          the bytes here are not the expected ones, but others that the kernel may"))
    #expect(SiteReport.status(explanation) == .ok)
  }

  @Test func `right bytes from a wrong state are an alarm`() {
    var explanation = Sample.explained
    explanation.violations = ["static call x86_pmu_read: leads to unowned code: 0xffffffffc0a31040"]
    let text = SiteReport().render(explanation, Sample.kernel)
    #expect(text.hasPrefix("CRITICAL    the bytes here follow from the kernel's own state, but that state is wrong\n"))
    #expect(text.contains("\n  wrong     static call x86_pmu_read: leads to unowned code: 0xffffffffc0a31040\n"))
    #expect(SiteReport.status(explanation) == .critical)
  }

  @Test func `a place that cannot be looked at is unknown, in words`() {
    #expect(
      SiteReport().render("vfs_read\u{1b}[2K", cannot: "kallsyms names no vfs_read\u{1b}[2K") == """
        UNKNOWN     could not explain the bytes at vfs_read\\u{1b}[2K: kallsyms names no vfs_read\\u{1b}[2K

        """)
    let text = SiteReport().render(
      "vfs_read", obstacles: [Withheld("/proc/kcore", why: "no such file", remedy: "build with it")])
    #expect(text.hasPrefix("UNKNOWN     could not start: nothing is known of the bytes at vfs_read\n"))
    #expect(text.contains("  * /proc/kcore: no such file\n    do  build with it\n"))
  }

  @Test func `hostile names stay on their line, and colour adds nothing but colour`() {
    var explanation = Sample.unexplained
    explanation.owner = .module(Place(symbol: Sample.hostileName, module: Sample.hostileName))
    explanation.source = Sample.hostileName
    explanation.section = Sample.hostileName
    explanation.steps[0].reason = Sample.hostileName
    explanation.violations = [.text(Sample.hostileName)]
    let plain = SiteReport().render(explanation, Sample.kernel)
    #expect(plain.unicodeScalars.allSatisfy { (" "..."~").contains($0) || $0 == "\n" })
    #expect(plain.split(separator: "\n").allSatisfy { $0.last != " " })
    let coloured = SiteReport(theme: .colour).render(explanation, Sample.kernel)
    #expect(coloured.contains("\u{1b}["))
    #expect(coloured.replacing(/\u{1b}\[[0-9;]+m/, with: "") == plain)
  }
}
