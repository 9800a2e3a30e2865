internal import ArgumentParser
internal import Audit
internal import Checks
internal import Report

/// How the verdict is said, and where.
struct ReportOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, html, monitoring, prometheus, ecs, ocsf, journal, sqlite
  }

  enum Colour: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
  }

  @Option(help: "Output format. Repeat to write several; each takes its own --output.")
  var format: [Format] = []

  @Option(
    help: """
      Output file, or - for stdout. The first is for the first --format, the second for the second. Without it, the format \
      journal goes to systemd's journal; with a file, the file has the journal's export format.
      """, completion: .file())
  var output: [String] = []

  @Option(help: "Colour the text. Auto follows the terminal and NO_COLOR.")
  var colour: Colour = .auto

  @Flag(
    name: .shortAndLong,
    help: "In text, show everything: bytes, code, strings, remarks, and what each check compared with.")
  var verbose = false

  mutating func validate() throws {
    let formats = max(format.count, 1)
    guard output.count == formats || (output.isEmpty && formats == 1) else {
      throw ValidationError(
        "\(format.count) --format and \(output.count) --output: give each format its output, - for standard output")
    }
    if let twice = output.indices.first(where: { output[..<$0].contains(output[$0]) }) {
      throw ValidationError("--output \(output[twice]) is given twice: one report would replace the other")
    }
    if zip(format, output + [Output.standardOutput]).contains(where: { $0 == .sqlite && $1 == Output.standardOutput }) {
      throw ValidationError("--format sqlite needs a file: --output FILE")
    }
    if output.contains("") { throw ValidationError("--output needs a file, or - for standard output") }
    if colour == .always, let first = format.first, !format.contains(.text) {
      throw ValidationError("--colour always and --format \(first.rawValue) contradict each other")
    }
    if verbose, let first = format.first, !format.contains(.text) {
      throw ValidationError("--verbose and --format \(first.rawValue) contradict each other")
    }
  }

  /// One for each format.
  private var outputs: [Output] {
    (format.isEmpty ? [.text] : format).enumerated().map { index, format in
      let destination = output.indices.contains(index) ? output[index] : nil
      return Output(format: format, destination: destination, theme: theme(for: destination), isVerbose: verbose)
    }
  }

  /// The colours for text on standard output or in a file.
  func theme(for destination: String? = nil) -> Theme {
    switch colour {
    case .auto:
      destination ?? Output.standardOutput == Output.standardOutput && Terminal.wantsColour(.standardOutput)
        ? .colour : .plain
    case .always: .colour
    case .never: .plain
    }
  }

  /// Says the verdict everywhere it is wanted; one place that fails keeps it from no other.
  ///
  /// Files come first, and are read back: one that is not what was written is a finding, which all reports have.
  ///
  /// - Returns: the verdict's status; a report that is not where it was wanted is at least UNKNOWN.
  func write(_ verdict: Verdict, _ measurements: Measurements) -> Status {
    var verdict = verdict
    var status = Status.ok
    func write(_ outputs: [Output]) -> [WrittenReport] {
      outputs.compactMap { output in
        do {
          return try output.write(verdict, measurements)
        } catch {
          Terminal.write(
            Refusal.line("could not write the \(output.format.rawValue) report", error), to: .standardError)
          status = .unknown
          return nil
        }
      }
    }
    let files = outputs.filter(\.isFile)
    let findings = write(files).compactMap { $0.readBack() }
    for finding in findings { verdict.report(finding, of: Reader.manual) }
    _ = write((findings.isEmpty ? [] : files) + outputs.filter { !$0.isFile })
    return verdict.status.combined(with: status)
  }
}
