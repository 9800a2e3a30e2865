import KernelFormats
import Testing

/// Texts that come in pieces, and large ones.
@Suite struct OopsStreamTests {
  private func told(_ bytes: [UInt8], pieces: Int) -> [OopsText] {
    var stream = OopsStream()
    var rest = bytes[...]
    while !rest.isEmpty {
      stream.read(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
    }
    return stream.finish()
  }

  @Test func `pieces of whatever size are told as the whole is`() throws {
    for text in try CrashText.all().prefix(12) {
      let bytes = Array("quiet\n".utf8) + Dressing.all[1].apply(text.lines)
      let whole = OopsText.all(in: bytes)
      #expect(!whole.isEmpty)
      for pieces in [1, 7, 100, 1000] { #expect(told(bytes, pieces: pieces) == whole, "\(text.name), \(pieces)") }
    }
  }

  @Test func `a report in the midst of much else has its line's number`() throws {
    let quiet = Array(
      String(repeating: "Nov 29 17:00:01 srv01 sshd[812]: Accepted publickey for root\n", count: 50_000).utf8)
    let report = Array(
      "Nov 29 17:00:01 srv01 kernel: BUG: kernel NULL pointer dereference, address: 0000000000000008\n".utf8)
    let reports = OopsText.all(in: quiet + report + quiet)
    #expect(reports.map(\.lineNumber) == [50_000])
    #expect(reports.map(\.message) == ["BUG: kernel NULL pointer dereference, address: 0000000000000008"])
  }

  @Test func `boots in one text are told apart`() {
    let reports = OopsText.all(
      in: Array(
        """
        [   10.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008
        [    0.000000] Linux version 6.1.0
        [    5.000000] Kernel panic - not syncing: Fatal exception
        """.utf8))
    #expect(reports.map(\.boot) == [0, 1])
    #expect(OopsText.decisive(among: reports)?.kind == .panic)
  }

  @Test func `what is told twice is one report, the fuller of both`() throws {
    let text = try #require(try CrashText.all().first)
    let lines = Dressing.all[1].apply(text.lines)
    let again = Array(lines.prefix(200))
    let reports = OopsText.all(in: again + [UInt8(ascii: "\n")] + lines + lines)
    #expect(reports.count == 1)
    #expect(reports.first?.repetitions == 2)
    #expect(text.errors(in: reports).isEmpty)
  }

  @Test func `where two processors write at once without saying so, each report has its own lines`() throws {
    let reports = OopsText.all(
      in: Array(
        """
        [  5.100000] BUG: kernel NULL pointer dereference, address: 0000000000000008
        [  5.100001] WARNING: CPU: 1 PID: 611 at net/core/dev.c:100 dev_x+0x1/0x20
        [  5.100002] CPU: 1 PID: 611 Comm: ip Not tainted 6.1.0 #1
        [  5.100003] Oops: 0000 [#1] SMP
        [  5.100004] CPU: 3 PID: 2210 Comm: dd Not tainted 6.1.0 #1
        """.utf8))
    #expect(reports.map(\.pid) == [2210, 611])
    #expect(reports.map(\.exceptionNumber) == [1, nil])
  }
}
