import Baseline
import DecoderTrials
import KernelModel
import Testing

@Suite struct BaselineFileTests {
  private let text = String(decoding: SampleBaseline.plain.bytes, as: UTF8.self)

  private func refusal(of text: String) -> String? {
    do {
      _ = try BaselineFile.decode(Array(text.utf8))
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `a state has one form, which no name of a kernel's breaks out of`() {
    #expect(
      text == #"""
        liveprobe-baseline 1
        release	6.1.0-56-amd64
        machine	x86_64
        build-id	a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3
        check	module-list	answered
        fact	module-list	module \u{1b}[2K\u{9}ok\u{a}fact\u{e9}\\			text	taints\u{9}the kernel\u{a}
        fact	module-list	x			flag	yes
        check	reader	answered
        fact	reader	reading path		own-memory	text	held
        check	syscall-table	unanswered
        unanswered	syscall-table	ia32_sys_call_table		
        fact	syscall-table	sys_call_table			count	452
        fact	syscall-table	sys_call_table	2	open	place	hook	16	edr
        fact	syscall-table	sys_call_table	3	\e	text	\e
        fact	syscall-table	sys_call_table	10	mprotect	place	__x64_sys_mprotect	0	

        """#)
  }

  @Test func `facts in another order make the same bytes, and there is no time in them`() throws {
    var state = SampleBaseline.state
    for _ in 0..<20 {
      state = RecordedState(
        release: state.release, machine: state.machine, buildID: state.buildID,
        checks: state.checks.shuffled().map { check in
          RecordedCheck(
            id: check.id, unanswered: check.unanswered.shuffled(), facts: (check.facts + check.facts).shuffled())
        })
      #expect(BaselineFile(state).bytes == SampleBaseline.plain.bytes)
    }
  }

  @Test func `what is decoded is what was recorded`() throws {
    for file in [SampleBaseline.plain, SampleBaseline.signed] {
      #expect(try BaselineFile.decode(file.bytes) == file)
    }
  }

  @Test(arguments: [
    ("liveprobe-baseline 1", "liveprobe-baseline 2", "line 1: it does not begin"),
    ("machine\t", "machin\t", "line 3: 'machine' should stand there"),
    ("b0b1", "b0B1", "line 4: field 1 is no build id"),
    ("build-id\ta0", "build-id\t0", "line 4: field 1 is no build id"),
    ("check\tmodule-list\tanswered", "check\tmodule-list\tunanswered", "line 5: it says that the check"),
    ("fact\tmodule-list\tx", "fact\treader\tx", "line 7: it belongs to another check"),
    ("\\u{1b}", "\\u{1B}", "line 6: not as it is written"),
    ("\\u{1b}", "\\u{d800}", "line 6: field 2 is empty, or has a backslash"),
    ("\\u{1b}", "\\x", "line 6: field 2 is empty, or has a backslash"),
    ("flag\tyes", "flag\tmaybe", "line 7: field 5 is no kind of fact"),
    ("count\t452", "count\t0452", "line 12: not as it is written"),
    ("count\t452", "count\t-1", "line 12: field 6 is no number"),
    ("count\t452", "count\t18446744073709551616", "line 12: field 6 is no number"),
    ("count\t452", "count\t452\t1", "line 12: 'fact' takes 6 fields, and has 7"),
    ("table\t10\t", "table\t-1\t", "line 15: field 3 is no index"),
    ("table\t10\t", "table\t1\t", "line 13: not as it is written"),
    ("mprotect", "m\u{e9}protect", "line 15: it holds the byte 0xc3"),
  ]) func `whatever is wrong is refused, with its line`(_ old: String, _ new: String, _ complaint: String) throws {
    let wrong = text.replacing(old, with: new, maxReplacements: 1)
    #expect(wrong != text)
    let told = try #require(refusal(of: wrong))
    #expect(told.hasPrefix(complaint), "\(told)")
  }

  @Test func `lines that stand twice, in another order, or after the end are refused`() throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for index in lines.indices.dropLast() {
      var twice = lines
      twice.insert(lines[index], at: index)
      #expect(refusal(of: twice.joined(separator: "\n")) != nil, "line \(index + 1) twice")
      guard index > 0 else { continue }
      var swapped = lines
      swapped.swapAt(index, index - 1)
      #expect(refusal(of: swapped.joined(separator: "\n")) != nil, "line \(index + 1) before the one above")
    }
    let signed = String(decoding: SampleBaseline.signed.bytes, as: UTF8.self)
    #expect(refusal(of: signed + "\n")?.contains("nothing may follow") == true)
    #expect(refusal(of: signed + signed)?.contains("nothing may follow") == true)
  }

  @Test func `a signature is refused that is not of the one form there is`() throws {
    let signed = String(decoding: SampleBaseline.signed.bytes, as: UTF8.self)
    for (old, new, complaint) in [
      ("ed25519", "rsa", "the only kind"), ("0123456789abcdef", "0123456789ABCDEF", "no key id"),
      ("03:00:00Z", "25:00:00Z", "no time"), ("2026-03-01", "2026-02-30", "no time"), ("AAEC", "AAE=", "base 64"),
      ("Pw==", "Px==", "64 bytes"),
    ] {
      let told = try #require(refusal(of: signed.replacing(old, with: new)), "\(new)")
      #expect(told.hasPrefix("line 16:") && told.contains(complaint), "\(new): \(told)")
    }
  }

  @Test func `no prefix of a baseline is taken for a whole one, unless it ends with a check`() throws {
    let bytes = SampleBaseline.signed.bytes
    let whole = (0..<bytes.count).filter { (try? BaselineFile.decode(Array(bytes[..<$0]))) != nil }
    // An unsigned baseline may end after any of its facts: that is what the signature is for.
    #expect(whole.allSatisfy { bytes[$0 - 1] == UInt8(ascii: "\n") })
    #expect(refusal(of: String(text.dropLast()))?.hasPrefix("line 15: it ends too early") == true)
  }

  @Test func `what is too large is refused before it is looked at`() throws {
    #expect(throws: RecordFormatError.tooLarge(byteCount: BaselineFile.limit + 1, limit: BaselineFile.limit)) {
      _ = try BaselineFile.decode([UInt8](repeating: 0x20, count: BaselineFile.limit + 1))
    }
  }
}
