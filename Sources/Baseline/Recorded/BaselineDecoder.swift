internal import KernelModel

extension BaselineFile {
  /// The baseline in `bytes`, which may be anybody's.
  ///
  /// - Throws: with the line that is wrong, unless the bytes are exactly those that the baseline encodes to.
  package static func decode(_ bytes: [UInt8]) throws(BaselineFormatError) -> BaselineFile {
    var decoder = try BaselineDecoder(bytes)
    let file = try decoder.decode()
    let written = file.bytes
    guard written == bytes else {
      let same = zip(written, bytes).prefix { $0 == $1 }
      throw .malformed(
        line: same.count { $0.0 == UInt8(ascii: "\n") } + 1,
        "not as it is written: lines are sorted, each stands once, and each text has one form")
    }
    return file
  }
}

/// Reads a baseline's lines in their order.
private struct BaselineDecoder {
  private let lines: [Substring]
  /// Lines read.
  private var position = 0

  init(_ bytes: [UInt8]) throws(BaselineFormatError) {
    guard bytes.count <= BaselineFile.limit else { throw .tooLarge(byteCount: bytes.count) }
    guard bytes.starts(with: Array("\(BaselineFile.firstLine)\n".utf8)) else { throw .notABaseline }
    if let foreign = bytes.firstIndex(where: { !(0x20...0x7e).contains($0) && $0 != 0x9 && $0 != 0xa }) {
      throw .malformed(
        line: bytes[..<foreign].count { $0 == 0xa } + 1,
        "it holds the byte 0x\(String(bytes[foreign], radix: 16)), which no baseline does")
    }
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty == true else { throw .truncated(line: lines.count + 1) }
    self.lines = lines
  }

  mutating func decode() throws(BaselineFormatError) -> BaselineFile {
    position = 1
    let release = try next("release", fields: 1).text(0)
    let machine = try next("machine", fields: 1).text(0)
    let buildID = try next("build-id", fields: 1).buildID(0)
    var checks: [RecordedCheck] = []
    while peek == "check" {
      let number = position + 1
      let check = try check()
      guard checks.last.map({ $0.id < check.id }) ?? true else {
        throw .malformed(line: number, "each check stands once, sorted by id")
      }
      checks.append(check)
    }
    let signature = position < lines.count ? try self.signature() : nil
    guard position == lines.count else { throw .malformed(line: position + 1, "nothing may follow the signature") }
    return BaselineFile(
      RecordedState(release: release, machine: machine, buildID: buildID, checks: checks), signature: signature)
  }

  private mutating func check() throws(BaselineFormatError) -> RecordedCheck {
    let head = try next("check", fields: 2)
    let id = try head.text(0)
    var unanswered: [Subject] = []
    while peek == "unanswered" {
      let line = try next("unanswered", fields: 4)
      guard try line.text(0) == id else { throw line.malformed("it belongs to another check") }
      unanswered.append(try line.subject(1))
    }
    guard head.fields[1] == (unanswered.isEmpty ? "answered" : "unanswered") else {
      throw head.malformed("it says that the check was '\(head.fields[1])', which its lines do not")
    }
    var facts: [RecordedFact] = []
    while peek == "fact" {
      let line = try next("fact")
      guard line.fields.count >= 6 else { throw line.malformed("a fact has 6 fields at least") }
      guard try line.text(0) == id else { throw line.malformed("it belongs to another check") }
      facts.append(RecordedFact(subject: try line.subject(1), fact: try line.fact(4)))
    }
    return RecordedCheck(id: id, unanswered: unanswered, facts: facts)
  }

  private mutating func signature() throws(BaselineFormatError) -> BaselineSignature {
    let line = try next("signature", fields: 4)
    guard line.fields[0] == "ed25519" else { throw line.malformed("the only kind of signature is ed25519") }
    guard BaselineSignature.isKeyID(line.fields[1]) else { throw line.malformed("field 2 is no key id") }
    guard let time = UTCTime(line.fields[2]) else {
      throw line.malformed("field 3 is no time such as 2026-01-31T12:00:00Z")
    }
    guard let bytes = Base64.decode(line.fields[3]), bytes.count == BaselineSignature.byteCount else {
      throw line.malformed("field 4 is not \(BaselineSignature.byteCount) bytes in base 64")
    }
    return BaselineSignature(keyID: String(line.fields[1]), signedAt: time, bytes: bytes)
  }

  /// The keyword of the next line, if there is one.
  private var peek: Substring? {
    position < lines.count ? lines[position].prefix { $0 != "\t" } : nil
  }

  private mutating func next(_ keyword: String, fields count: Int? = nil) throws(BaselineFormatError) -> BaselineLine {
    guard position < lines.count else { throw .truncated(line: position + 1) }
    let line = BaselineLine(lines[position], number: position + 1)
    guard line.keyword == keyword else { throw line.malformed("'\(keyword)' should stand there") }
    if let count { try line.requireFields(count) }
    position += 1
    return line
  }
}
