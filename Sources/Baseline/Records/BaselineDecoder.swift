internal import KernelModel

extension BaselineFile {
  /// The baseline in `bytes`, which may be anybody's.
  ///
  /// - Throws: with the line that is wrong, unless the bytes are exactly those that the baseline encodes to.
  package static func decode(_ bytes: [UInt8]) throws(RecordFormatError) -> BaselineFile {
    var decoder = BaselineDecoder(lines: try RecordLines(bytes, firstLine: firstLine, limit: limit))
    let file = try decoder.decode()
    try file.requireForm(of: bytes)
    return file
  }
}

/// Reads a baseline's lines in their order.
private struct BaselineDecoder {
  var lines: RecordLines

  mutating func decode() throws(RecordFormatError) -> BaselineFile {
    let release = try lines.next("release", fields: 1).text(0)
    let machine = try lines.next("machine", fields: 1).text(0)
    let buildID = try lines.next("build-id", fields: 1).buildID(0)
    var checks: [RecordedCheck] = []
    while lines.peek == "check" {
      let number = lines.position + 1
      let check = try check()
      guard checks.last.map({ $0.id < check.id }) ?? true else {
        throw .malformed(line: number, "each check stands once, sorted by id")
      }
      checks.append(check)
    }
    return BaselineFile(
      RecordedState(release: release, machine: machine, buildID: buildID, checks: checks), signature: try lines.end())
  }

  private mutating func check() throws(RecordFormatError) -> RecordedCheck {
    let head = try lines.next("check", fields: 2)
    let id = try head.text(0)
    var unanswered: [Subject] = []
    while lines.peek == "unanswered" {
      let line = try lines.next("unanswered", fields: 4)
      guard try line.text(0) == id else { throw line.malformed("it belongs to another check") }
      unanswered.append(try line.subject(1))
    }
    guard head.fields[1] == (unanswered.isEmpty ? "answered" : "unanswered") else {
      throw head.malformed("it says that the check was '\(head.fields[1])', which its lines do not")
    }
    var facts: [RecordedFact] = []
    while lines.peek == "fact" {
      let line = try lines.next("fact")
      guard line.fields.count >= 6 else { throw line.malformed("a fact has 6 fields at least") }
      guard try line.text(0) == id else { throw line.malformed("it belongs to another check") }
      facts.append(RecordedFact(subject: try line.subject(1), fact: try line.fact(4)))
    }
    return RecordedCheck(id: id, unanswered: unanswered, facts: facts)
  }
}
