package import Baseline
package import KernelModel

extension DecoderTrial {
  /// What decodes is what its state encodes to, and nothing else decodes.
  static func baseline(_ bytes: [UInt8]) -> String? {
    do throws(RecordFormatError) {
      let file = try BaselineFile.decode(bytes)
      guard file.bytes == bytes else { return "decoded, and encoded to other bytes" }
      guard file.state.checks.map(\.id) == file.state.checks.map(\.id).sorted() else { return "checks out of order" }
      if let signature = file.signature {
        let signed = file.signedBytes(by: signature.keyID, at: signature.signedAt)
        guard bytes.starts(with: signed), bytes.count == signed.count + 89 else { return "bytes that are not signed" }
      }
    } catch {
      guard error.description.contains("line ") || error.description.contains("bytes") else {
        return "an error without a line: \(error)"
      }
    }
    return nil
  }
}

/// A baseline with a line of each kind.
package enum SampleBaseline {
  package static let buildID = BuildID(bytes: Array(0xa0..<0xb4))

  package static let state = RecordedState(
    release: "6.1.0-56-amd64", machine: "x86_64", buildID: buildID,
    checks: [
      RecordedCheck(
        id: "syscall-table", unanswered: [Subject("ia32_sys_call_table")],
        facts: [
          fact(Subject("sys_call_table"), .count(452)),
          fact(Subject("sys_call_table", index: 10, label: "mprotect"), .place(Place(symbol: "__x64_sys_mprotect"))),
          fact(
            Subject("sys_call_table", index: 2, label: "open"), .place(Place(symbol: "hook", offset: 16, module: "edr"))
          ),
          fact(Subject("sys_call_table", index: 3, label: ""), .text("")),
        ]),
      RecordedCheck(
        id: "reader", unanswered: [], facts: [fact(Subject("reading path", label: "own-memory"), .text("held"))]),
      RecordedCheck(
        id: "module-list", unanswered: [],
        facts: [
          fact(Subject("module \u{1b}[2K\tok\nfact\u{e9}\\"), .text("taints\tthe kernel\n")),
          fact(Subject("x"), .flag(true)),
        ]),
    ])

  /// Small, because each of its bits is flipped.
  package static var samples: [[UInt8]] {
    var small = signed
    small.state = RecordedState(
      release: "6.1", machine: "x", buildID: BuildID(bytes: [1]),
      checks: [
        RecordedCheck(
          id: "a", unanswered: [Subject("\\\t")],
          facts: [fact(Subject("t", index: 2, label: "open"), .place(Place(symbol: "h", offset: 16, module: "edr")))])
      ])
    return [small.bytes]
  }

  package static let plain = BaselineFile(state)
  /// Signed in form; by nobody.
  package static let signed = BaselineFile(
    state,
    signature: UTCTime("2026-03-01T03:00:00Z").map {
      RecordSignature(keyID: "0123456789abcdef", signedAt: $0, bytes: Array(0..<64))
    })

  private static func fact(_ subject: Subject, _ fact: Fact) -> RecordedFact {
    RecordedFact(subject: subject, fact: fact)
  }
}
