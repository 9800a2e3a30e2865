extension OpenPGP {
  /// A text with its signatures behind it: `InRelease`.
  ///
  /// Only what is signed is in ``text``. A file that has anything before, behind or between is refused.
  ///
  /// Source: RFC 9580, 7.
  package struct ClearSignedText: Sendable {
    /// As it was signed: lines without blanks at their ends, with LF between them.
    package let text: [UInt8]
    package let signatures: [Signature?]

    private static let begin = Array("-----BEGIN PGP SIGNED MESSAGE-----".utf8)
    private static let signature = Array("-----BEGIN PGP SIGNATURE-----".utf8)
    private static let end = Array("-----END PGP SIGNATURE-----".utf8)

    /// Whether `bytes` begin as such a text does.
    package static func begins(_ bytes: [UInt8]) -> Bool { bytes.starts(with: begin) }

    package init(_ bytes: [UInt8]) throws(Fault) {
      var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map(Armor.trimmed)[...]
      guard lines.popFirst()?.elementsEqual(Self.begin) == true else {
        throw .malformed("it is no text with a signature")
      }
      while let line = lines.popFirst(), !line.isEmpty {
        guard line.starts(with: Array("Hash: ".utf8)) else {
          throw .malformed("before the signed text stands something that is not signed")
        }
      }
      guard let middle = lines.firstIndex(where: { $0.elementsEqual(Self.signature) }) else {
        throw .malformed("the signed text has no end")
      }
      var text: [UInt8] = []
      for (number, line) in lines[..<middle].enumerated() {
        if number > 0 { text.append(0x0a) }
        guard line.first == UInt8(ascii: "-") else {
          text += line
          continue
        }
        guard line.dropFirst().first == 0x20 else { throw .malformed("a line of the signed text begins with a dash") }
        text += line.dropFirst(2)
      }
      let rest = lines[middle...]
      guard let last = rest.firstIndex(where: { $0.elementsEqual(Self.end) }) else {
        throw .malformed("the signature has no end")
      }
      guard rest[(last + 1)...].allSatisfy(\.isEmpty) else {
        throw .malformed("behind the signature stands something that is not signed")
      }
      self.text = text
      signatures = try Signature.all(Array(rest[...last].joined(separator: [0x0a])))
    }

    /// Whether a key of `keyring` made `signature` of the text.
    package func answer(_ signature: Signature, by keyring: Keyring, now: Int) -> Keyring.Answer {
      let lineEnd: [UInt8] = [0x0d, 0x0a]
      return keyring.answer(signature, isText: true, now: now) { running in
        for (number, line) in text.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
          if number > 0 { lineEnd.withUnsafeBytes { running.update($0) } }
          line.withUnsafeBytes { running.update($0) }
        }
      }
    }
  }
}
