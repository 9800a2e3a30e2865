import Crash
import KernelFormats

extension DecoderTrial {
  /// The bytes as a log: what is read of it is bounded, in order, and the same if read again.
  static func oopsText(_ bytes: [UInt8]) -> String? {
    let reports = OopsText.all(in: bytes)
    guard reports == OopsText.all(in: bytes) else { return "another answer to the same question" }
    guard reports.count <= OopsText.mostReports else { return "too many reports" }
    let brackets = bytes.count { $0 == UInt8(ascii: "[") }
    let lines = 1 + bytes.count { $0 == UInt8(ascii: "\n") }
    // Parts of a store are put in order, and of what is told twice the fuller text counts: line numbers need not rise.
    guard Set(reports.map(\.lineNumber)).count == reports.count || bytes.contains(UInt8(ascii: "[")) else {
      return "two reports of one line"
    }
    for report in reports {
      guard (0..<lines).contains(report.lineNumber) else { return "a report of no line" }
      guard report.statements.count <= 64, report.notices.count <= 4 else { return "more than is kept" }
      let entries = report.traces.reduce(0) { $0 + $1.entries.count }
      // A console may have lost what ends a line: stamps stand for that.
      guard entries + report.registers.count <= lines + brackets,
        report.modules.count <= bytes.count / 2
      else {
        return "more than there is text for"
      }
      for case .bytes(let code, let instruction)? in report.registers.map(\.code) {
        guard code.indices.contains(instruction) else { return "an instruction outside its bytes" }
      }
      _ = (report.instructionPointer?.description, report.systemCall, report.kind.mayGoOn)
    }
    for report in reports {
      let tale = OopsTale(report, among: reports)
      guard tale.sentences.count <= 64, tale.missing.count <= 16, tale.registers.count <= 8 else {
        return "too long a tale"
      }
      guard report.signature.utf8.count <= 4 * 512 else { return "too long a signature" }
      let judgement = OopsJudgement(report)
      guard judgement.signs.count <= 64, judgement.remarks.count <= 64 else { return "too many signs" }
    }
    guard OopsText.decisive(among: reports).map(reports.contains) ?? reports.isEmpty else {
      return "a decisive report that is none"
    }
    return nil
  }

  /// All that a report can hold, in few bytes: every bit of it is flipped.
  static let oopsTextSamples =
    [
      """
      <1>[ 1.5][ T4] BUG: unable to handle page fault for address: ffffffffc0331000
      #PF: error_code(0x0010) - not-present page
      Oops: 0010 [#1] SMP
      CPU: 3 PID: 4 Comm: d d Tainted: P OE 5.10.0 #1
      RIP: 0010:f+0x1/0x2 [m]
      Code: 90 <0f> 0b
      RSP: 0018:ff EFLAGS: 2
      Call Trace:
       <IRQ>
       ? g+0x1/0x2
       0xffffffffc0331074
      Modules linked in: a(OE) b [last unloaded: c]
      Kernel panic - not syncing: Fatal exception
      Kernel Offset: 0x1 from
      """,
      "general protection fault, maybe for address 0x80040033: 0000 [#1]\nRIP: 0010:f+0x1/0x2 [m]\nCode: 48 <48> 8b 44 cf f0\nRDI: 0000000000001000 RCX: dead000000000100\nModules linked in: m(OE)",
      "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00 unknown-block(0,0)\nmce: [Hardware Error]: CPU 7: Machine Check Exception: 5 Bank 0: be00000000800400",
      "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f+0x1/0x2 [m]\n---[ end Kernel panic",
      "Panic#2 Part1\n<4>[ 1.500000][ T4]  f+0x1/0x2\nPanic#2 Part2\n<4>[ 1.400000][ T4] BUG: KASAN: oob in f+0x1/0x2\nAllocated by task 1:\n f+0x1/0x2",
      "{\"MESSAGE\":\"Unable to handle kernel paging request at 0x8\"}\n{\"MESSAGE\":\"pc : f+0x1/0x2\"}\nMESSAGE=Call trace:\nMESSAGE= f (a.c:1) m",
      "a|1| INFO: task x:1 blocked for more than 1\na|2| CPU: 1 PID: 2 Comm: x Not tainted 6 #1\n[ 1.500] &lt;TASK&gt;[ 1.600] Call Trace:",
    ].map { Array($0.utf8) }
    + ["\u{feff}BUG: Bad page state in process x  pfn:1\n"].map {
      $0.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    }
}
