internal import FoundationEssentials

/// A document as JSON, as every report writes it.
enum JSONText {
  /// - Parameter document: of texts, integers, flags and finite numbers, all of which JSON can say.
  static func of(_ document: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encode(document, encoder)
  }

  /// The same on one line, with names such as `innocent_causes`, as pipelines of logs want it.
  static func line(of document: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return encode(document, encoder)
  }

  private static func encode(_ document: some Encodable, _ encoder: JSONEncoder) -> String {
    do {
      return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    } catch {
      preconditionFailure("a document could not be encoded: \(error)")
    }
  }
}
