import Files

/// The form of a file with an Ed25519 key: PEM around DER, of which all bytes but the key's 32 are always the same.
///
/// Source: RFC 7468, 10 and 13; RFC 8410, 4 and 7.
enum KeyFile {
  case publicKey
  case privateKey

  private static let keyByteCount = 32
  /// A larger text is no key, in bytes.
  private static let limit = 16 << 10

  private var label: String {
    switch self {
    case .publicKey: "PUBLIC KEY"
    case .privateKey: "PRIVATE KEY"
    }
  }

  /// What comes before the key's own bytes.
  private var prefix: [UInt8] {
    switch self {
    // SubjectPublicKeyInfo: the algorithm 1.3.101.112, and a bit string of 32 bytes.
    case .publicKey: [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
    // PrivateKeyInfo: version 0, the algorithm 1.3.101.112, and an octet string around an octet string of 32 bytes.
    case .privateKey:
      [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
    }
  }

  func encode(_ key: [UInt8]) -> String {
    "-----BEGIN \(label)-----\n\(Base64.encode(prefix + key))\n-----END \(label)-----\n"
  }

  /// The text of the file at `path`; a private key's must be its owner's alone.
  func text(at path: String) throws(KeyError) -> String {
    let file: OpenedFile
    let bytes: [UInt8]
    do throws(FileFault) {
      file = try OpenedFile(path, followingLinks: true)
      bytes = try file.bytes(at: 0, upTo: Self.limit)
    } catch {
      throw .unreadable(error)
    }
    if case .privateKey = self, !file.status.isPrivate { throw .exposed }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The 32 bytes of the key in a file's text.
  func decode(_ text: String) throws(KeyError) -> [UInt8] {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace || $0 == " " } }
    guard lines.first == "-----BEGIN \(label)-----", lines.last == "-----END \(label)-----" else {
      let other = lines.first.flatMap {
        $0.hasPrefix("-----BEGIN ") ? "it is a '\($0.dropFirst(11).prefix { $0 != "-" })'" : nil
      }
      throw .notAKey("it is no PEM file with a \(label)" + (other.map { ": \($0)" } ?? ""))
    }
    guard let der = Base64.decode(lines.dropFirst().dropLast().joined()) else {
      throw .notAKey("what stands in it is not base 64")
    }
    guard der.starts(with: prefix), der.count == prefix.count + Self.keyByteCount else {
      throw .notAKey("it is not an Ed25519 key without a password")
    }
    return Array(der.suffix(Self.keyByteCount))
  }
}
