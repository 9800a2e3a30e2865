package import KernelModel

/// A baseline as a file holds it: the recorded state, and the signature over it if it has one.
///
/// The form is text, a fact a line, described in docs/baselines.md. It has one form only: what decodes is, byte for byte,
/// what its state encodes to.
package struct BaselineFile: SignedRecord, Hashable, Sendable {
  package var state: RecordedState
  package var signature: RecordSignature?

  /// A larger file is no baseline, in bytes; that of a kernel with 1500 system calls has a tenth of a megabyte.
  package static let limit = 8 << 20
  static let firstLine = "liveprobe-baseline 1"

  package init(_ state: RecordedState, signature: RecordSignature? = nil) {
    self.state = state
    self.signature = signature
  }

  /// All of it without the signature: no time in it and no order by chance, so that two records of one state are the same.
  package var text: String {
    var lines = [
      Self.firstLine, "release\t\(FieldText.encode(state.release))", "machine\t\(FieldText.encode(state.machine))",
      "build-id\t\(state.buildID)",
    ]
    for check in state.checks {
      let id = FieldText.encode(check.id)
      lines.append("check\t\(id)\t\(check.isAnswered ? "answered" : "unanswered")")
      lines += check.unanswered.map { "unanswered\t\(id)\t\(Self.fields(of: $0))" }
      lines += check.facts.map { "fact\t\(id)\t\(Self.fields(of: $0.subject))\t\(Self.fields(of: $0.fact))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fields(of subject: Subject) -> String {
    let index = subject.index.map(String.init) ?? ""
    return "\(FieldText.encode(subject.name))\t\(index)\t\(subject.label.map(FieldText.encode) ?? "")"
  }

  private static func fields(of fact: Fact) -> String {
    switch fact {
    case .place(let place):
      "place\t\(FieldText.encode(place.symbol))\t\(place.offset)\t\(place.module.map(FieldText.encode) ?? "")"
    case .text(let text): "text\t\(FieldText.encode(text))"
    case .count(let count): "count\t\(count)"
    case .flag(let flag): "flag\t\(flag ? "yes" : "no")"
    }
  }
}
