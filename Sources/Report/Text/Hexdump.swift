internal import KernelModel

/// One line of a listing; the line of the place that findings lead to is marked.
struct ListingRow {
  var text: PlainText
  var isMarked: Bool
}

/// Bytes, sixteen a line, with the characters they stand for.
enum Hexdump {
  static func rows(of site: Implant.Site) -> [ListingRow] {
    stride(from: 0, to: site.bytes.count, by: 16).compactMap { offset in
      guard let address = site.bytesStart.advanced(by: UInt64(offset)) else { return nil }
      let bytes = site.bytes[offset..<min(offset + 16, site.bytes.count)]
      let distance = site.address.offset(from: address)
      let isMarked = distance.map { $0 < UInt64(bytes.count) } ?? false
      let mark: PlainText = isMarked ? ">" : " "
      return ListingRow(
        text: "\(mark) \(address)  \(hexadecimal(bytes).padded(to: 47))  |\(PlainText(characters: bytes))|",
        isMarked: isMarked)
    }
  }

  /// Two digits a byte, with spaces between.
  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> PlainText {
    PlainText(bytes.hexadecimal(separator: " "))
  }

  /// Two digits a byte, without spaces; all of them, however many.
  static func compact(_ bytes: some Sequence<UInt8>) -> PlainText {
    PlainText(bytes.hexadecimal(), limit: .max)
  }
}
