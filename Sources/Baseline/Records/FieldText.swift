/// One field of a baseline's line, and the text it stands for.
///
/// Printable ASCII stands as it is, a backslash as `\\`, the empty text as `\e`, and any other Unicode scalar as its
/// number, `\u{9}`. So no text, whatever a kernel put into it, can look like two fields or two lines; and an empty field
/// says that there is no text.
enum FieldText {
  static func encode(_ text: String) -> String {
    guard !text.isEmpty else { return "\\e" }
    var field = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": field += "\\\\"
      case " "..."~": field.unicodeScalars.append(scalar)
      default: field += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return field
  }

  /// The text, or nil if the field is not of that form.
  static func decode(_ field: Substring) -> String? {
    guard field != "\\e" else { return "" }
    guard !field.isEmpty else { return nil }
    var text = String.UnicodeScalarView()
    var rest = field.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "\\" else {
        text.append(scalar)
        continue
      }
      switch rest.popFirst() {
      case "\\": text.append("\\")
      case "u":
        guard rest.popFirst() == "{", let end = rest.firstIndex(of: "}"),
          rest.distance(from: rest.startIndex, to: end) <= 6,
          let number = UInt32(String(rest[..<end]), radix: 16), let numbered = Unicode.Scalar(number)
        else { return nil }
        text.append(numbered)
        rest = rest[rest.index(after: end)...]
      default: return nil
      }
    }
    return String(text)
  }
}
