internal import FoundationEssentials

/// A document as JSON, as every report writes it.
enum JSONText {
  /// - Parameter document: of texts, integers, flags and finite numbers, all of which JSON can say.
  static func bytes(of document: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encode(document, encoder)
  }

  /// The same as text.
  static func of(_ document: some Encodable) -> String { String(decoding: bytes(of: document), as: UTF8.self) }

  /// The same on one line, with names such as `innocent_causes`, as pipelines of logs want it.
  static func line(of document: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: encode(document, encoder), as: UTF8.self)
  }

  private static func encode(_ document: some Encodable, _ encoder: JSONEncoder) -> [UInt8] {
    do {
      var bytes = Array(try encoder.encode(document))
      bytes.append(UInt8(ascii: "\n"))
      return bytes
    } catch {
      preconditionFailure("a document could not be encoded: \(error)")
    }
  }
}
