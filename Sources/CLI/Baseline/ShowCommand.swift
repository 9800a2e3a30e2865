internal import ArgumentParser
internal import Baseline
internal import Report

/// `liveprobe baseline show`: what a baseline holds.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the contents of a baseline.",
    discussion: "Does not verify the signature: see 'liveprobe baseline verify'.")

  @OptionGroup var argument: BaselineArgument

  func run() throws {
    let (stored, file) = try argument.read()
    let report = StateReport(file.state, source: stored.path, signature: file.signature?.words)
    Terminal.write(report.text, to: .standardOutput)
  }
}

extension RecordSignature {
  /// Who signed and when, as the signature claims.
  var words: String { "signed at \(signedAt) with key \(keyID)" }
}
