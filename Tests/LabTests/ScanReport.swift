import Foundation
import Lab

/// What the lab reads of a report in JSON.
///
/// The one place of the tests that knows how `liveprobe scan --format json` is laid out.
struct ScanReport: Decodable, Sendable {
  struct Subject: Decodable, Sendable, Hashable, CustomStringConvertible {
    let name: String
    let index: Int?
    static func module(_ name: String) -> Subject { Subject(name: "module \(name)", index: nil) }
    var description: String { index.map { "\(name)[\($0)]" } ?? name }
  }

  struct Finding: Decodable, Sendable {
    let subject: Subject
    let severity: String
    let message: String
    let expected: AnyText?
    let observed: AnyText?
    let evidence: AnyText?
    /// Who owns what the entry leads to, in whatever shape the report says it.
    let owner: AnyText?

    /// All that it says of what was seen.
    var words: String {
      (["\(subject)", message] + [expected, observed, owner, evidence].compactMap { $0?.text }).joined(separator: "\n")
    }
  }

  struct Check: Decodable, Sendable {
    let id: String
    let outcome: String
    let findings: [Finding]?
    let accepted: [Accepted]?
    let textAccounts: [TextAccount]?
    let pointerAccounts: [PointerAccount]?

    /// Pointers to code that nothing explains.
    var unexplainedPointers: Int { (pointerAccounts ?? []).reduce(0) { $0 + $1.unexplained } }

    /// Of the checks that account for each byte: those that nothing explains.
    var unexplainedBytes: Int { (textAccounts ?? []).reduce(0) { $0 + $1.unexplainedBytes } }
  }

  /// Where the pointers to code of one object lead.
  struct PointerAccount: Decodable, Sendable {
    let pointers: Int
    let unexplained: Int
  }

  /// A finding that an allow rule accepts.
  struct Accepted: Decodable, Sendable {
    let subject: Subject
  }

  /// What a check has to say of each byte of an object.
  struct TextAccount: Decodable, Sendable, CustomStringConvertible {
    struct Mechanism: Decodable, Sendable {
      let id: String
      let sites: Int
      let changedBytes: Int
    }

    let object: String
    let comparedBytes: Int
    let mechanisms: [Mechanism]
    let unexplainedBytes: Int

    /// What two scans of one state say alike: a kernel throws the switch of a static key by itself, up to a second after its last
    /// user has gone.
    var description: String {
      let explained = mechanisms.map { mechanism in
        " \(mechanism.id)" + (mechanism.id == "jump-labels" ? "" : " \(mechanism.changedBytes)")
          + " at \(mechanism.sites)"
      }.joined()
      return "\(object) \(comparedBytes) bytes:\(explained) unexplained \(unexplainedBytes)"
    }
  }

  struct Implant: Decodable, Sendable {
    let strings: AnyText?
    let signatures: AnyText?
  }

  /// How the kernel compares with what was recorded.
  struct Baseline: Decodable, Sendable {
    struct Drift: Decodable, Sendable {
      let check: String
      let subject: Subject
      let was: String?
      let now: String?
    }

    struct Withheld: Decodable, Sendable { let why: String }

    let outcome: String
    let withheld: Withheld?
    let drift: [Drift]
  }

  /// `OK`, `WARNING`, `CRITICAL` or `UNKNOWN`.
  let status: String
  let checks: [Check]?
  let implants: [Implant]?
  let baseline: Baseline?

  var findings: [Finding] { (checks ?? []).flatMap { $0.findings ?? [] } }

  func check(_ id: String) -> Check? { checks?.first { $0.id == id } }

  static func decode(_ bytes: [UInt8]) throws -> ScanReport {
    try JSONDecoder().decode(ScanReport.self, from: Data(bytes))
  }
}

/// All text in a part of a report, whatever its structure.
struct AnyText: Decodable, Sendable {
  let text: String

  init(from decoder: any Decoder) throws {
    if let value = try? decoder.singleValueContainer().decode(String.self) {
      text = value
    } else if var list = try? decoder.unkeyedContainer() {
      var parts: [String] = []
      while !list.isAtEnd { parts.append(try list.decode(AnyText.self).text) }
      text = parts.joined(separator: "\n")
    } else if let object = try? decoder.container(keyedBy: AnyKey.self) {
      text = try object.allKeys.sorted { $0.stringValue < $1.stringValue }
        .map { "\($0.stringValue)=\(try object.decode(AnyText.self, forKey: $0).text)" }.joined(separator: " ")
    } else {
      // A number, a truth value or null: no text that a scenario asks for.
      text = ""
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
