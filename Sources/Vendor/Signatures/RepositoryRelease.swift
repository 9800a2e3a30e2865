import KernelModel

/// The text that a repository of Debian's kind signs: what it is, and the digests of its lists.
///
/// Source: https://wiki.debian.org/DebianRepository/Format, "Release" files.
struct RepositoryRelease {
  /// What it says of itself: `2026-07-11, Debian, suite oldstable, codename bookworm`.
  let description: String
  /// Names of files by their SHA-256, in lower-case hexadecimal.
  ///
  /// Digests of other kinds are not looked at.
  let names: [String: String]

  /// Debian's has 4,000 files.
  private static let mostFiles = 1 << 20

  init(_ text: [UInt8]) {
    var fields: [String: String] = [:]
    var names: [String: String] = [:]
    var field = ""
    for line in text.split(separator: 0x0a) {
      let line = String(decoding: line, as: UTF8.self)
      if line.first == " " || line.first == "\t" {
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard field == "SHA256", parts.count == 3, KernelStore.isDigest(String(parts[0])), names.count < Self.mostFiles
        else { continue }
        names[String(parts[0])] = String(parts[2])
      } else if let colon = line.firstIndex(of: ":") {
        field = String(line[..<colon])
        fields[field] = String(line[line.index(after: colon)...].drop(while: \.isWhitespace))
      }
    }
    self.names = names
    let date = fields["Date"].map { Self.day($0) ?? $0 }
    description = [
      date, fields["Origin"], fields["Suite"].map { "suite \($0)" }, fields["Codename"].map { "codename \($0)" },
    ].compactMap(\.self).joined(separator: ", ")
  }

  /// `2026-07-11` of `Sat, 11 Jul 2026 10:16:37 UTC` (RFC 2822, 3.3); nil of what is no such date.
  private static func day(_ date: String) -> String? {
    let parts = date.split(separator: " ")
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count >= 4, let month = months.firstIndex(where: { $0 == parts[2] }), let day = Int(parts[1]) else {
      return nil
    }
    func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let text = "\(parts[3])-\(digits(month + 1))-\(digits(day))"
    return UTCTime("\(text)T00:00:00Z") == nil ? nil : text
  }
}
