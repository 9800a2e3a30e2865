internal import KernelModel

/// What one line begins: a report, what is said before one, or another boot.
struct OopsBeginning {
  let meaning: OopsPhrase.Meaning
  /// Where the kernel's own text begins, in bytes of the line.
  let start: Int

  private static let search = PhraseSearch(OopsPhrase.all.map(\.words))
  private static let panic = 0
  /// What parts of the kernel put before their messages.
  private static let speakers: [StaticString] = [
    "NMI watchdog: ", "watchdog: ", "rcu: ", "traps: ", "Oops: ", "mce: ", "[Hardware Error]: ", "sysrq: ",
    "kmemleak: ",
    "usercopy: ", "slub: ", "=[ ", "[ ", "workqueue: ", "kasan: ",
  ]
  /// Bytes behind a phrase in which what must follow it is looked for.
  private static let reach = 512

  /// What `line` begins, by the first phrase that stands in it; nil if it begins nothing.
  init?(_ line: ArraySlice<UInt8>) {
    let found = line.withUnsafeBufferPointer { bytes in
      var found: OopsBeginning?
      _ = Self.search.each(in: bytes) { number, index in
        let phrase = OopsPhrase.all[number]
        found = Self.start(of: phrase, at: index, line, isPanic: number == Self.panic).map {
          OopsBeginning(meaning: phrase.meaning, start: $0)
        }
        return found != nil
      }
      return found
    }
    guard let found else { return nil }
    self = found
  }

  private init(meaning: OopsPhrase.Meaning, start: Int) {
    (self.meaning, self.start) = (meaning, start)
  }

  /// Where the text of the kernel begins that has `phrase` at `index`; nil if the phrase means nothing there.
  private static func start(
    of phrase: OopsPhrase, at index: Int, _ line: ArraySlice<UInt8>, isPanic: Bool
  ) -> Int? {
    let head = line[..<(line.startIndex + index)]
    let behind = OopsScanner(line[(line.startIndex + index + phrase.words.utf8CodeUnitCount)...].prefix(reach))
    if OopsScanner(head).contains("---[ end ") || head.last.map(isOfName) ?? false, phrase.mustNotFollowName {
      return nil
    }
    switch phrase.condition {
    case .none: return withSpeaker(head)
    case .first:
      let start = withSpeaker(head)
      return start == 0 ? 0 : nil
    case .sourcePlace: return isSourcePlace(behind) ? withSpeaker(head) : nil
    case .followed(let words): return behind.contains(words) ? withSpeaker(head) : nil
    case .named:
      guard !head.isEmpty, head.count <= 160 else { return nil }
      if let slab = OopsScanner(head).offset(of: "BUG "), phrase.meaning.isOf(.slab) { return slab }
      return phrase.meaning.isOf(.slab) ? nil : 0
    case .exceptionNumber:
      let isComplete = phrase.words.withUTF8Buffer { $0.last == UInt8(ascii: "]") }
      var number = behind
      guard isComplete || number.decimal() != nil && number.take("]") else { return nil }
      return OopsException.start(line[..<(line.endIndex - behind.rest.count)].prefix(reach))
    }
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }

  /// How many bytes of `head` are of others: the part of the kernel that speaks stands before its message.
  private static func withSpeaker(_ head: ArraySlice<UInt8>) -> Int {
    var rest = head
    // `mce: [Hardware Error]: CPU 7: Machine Check Exception: …`
    var number = rest
    if number.suffix(2).elementsEqual(": ".utf8) {
      number = number.dropLast(2)
      while let digit = number.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
        number = number.dropLast()
      }
      if number.count < rest.count - 2, number.suffix(4).elementsEqual("CPU ".utf8) { rest = number.dropLast(4) }
    }
    while let speaker = speakers.first(where: { $0.withUTF8Buffer { rest.suffix($0.count).elementsEqual($0) } }) {
      rest = rest.dropLast(speaker.utf8CodeUnitCount)
    }
    return rest.count
  }

  /// `CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2`; `kernel/x.c:1 at f+0x1/0x2, CPU#0: comm/1` (Linux v7.2); `at kernel/x.c:1
  /// f+0x1/0x2` (v2.6.32 to v3.12).
  private static func isSourcePlace(_ scanner: OopsScanner) -> Bool {
    var scanner = scanner
    if scanner.take("CPU: ") { return scanner.decimal() != nil }
    // The condition may stand before it: `[ptr == 0] kernel/x.c:1 at …`.
    if scanner.take("["), !scanner.skip(past: "] ") { return false }
    let isOld = scanner.take("at ")
    let file = scanner.word()
    guard let colon = file.lastIndex(of: UInt8(ascii: ":")), file.startIndex < colon else { return false }
    var line = OopsScanner(file[(colon + 1)...])
    guard line.decimal() != nil, line.isAtEnd else { return false }
    // Programs of other languages warn of places, too: the kernel's have a function.
    return (isOld || scanner.begins(" at "))
      && (scanner.contains("+0x") || scanner.contains(" (") || scanner.contains("CPU#"))
  }
}

extension OopsPhrase {
  /// Whether what stands before it may not be a letter: it would be part of another word.
  fileprivate var mustNotFollowName: Bool {
    switch condition {
    case .named, .exceptionNumber: false
    default:
      switch words.withUTF8Buffer({ $0[0] }) {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "k"), UInt8(ascii: "g"), UInt8(ascii: "u"): true
      default: false
      }
    }
  }
}

extension OopsPhrase.Meaning {
  fileprivate func isOf(_ complaint: OopsComplaint) -> Bool {
    if case .begins(_, complaint) = self { true } else { false }
  }
}

extension OopsScanner {
  /// How many bytes stand before the first `text`; nil if there is none.
  func offset(of text: StaticString) -> Int? {
    var ahead = self
    return ahead.skip(past: text) ? rest.count - ahead.rest.count - text.utf8CodeUnitCount : nil
  }
}
