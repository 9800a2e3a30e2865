internal import FoundationEssentials

/// A document as JSON, as every report writes it.
enum JSONText {
  /// - Parameter document: of texts, integers, flags and finite numbers, all of which JSON can say.
  static func of(_ document: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    } catch {
      preconditionFailure("a document could not be encoded: \(error)")
    }
  }
}
