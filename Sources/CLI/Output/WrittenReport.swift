internal import Checks
internal import Files
internal import KernelModel
internal import LiveProbe
internal import Report

/// A report that was written to a file, and what came of reading it back.
struct WrittenReport {
  let path: String
  /// What was meant, and its SHA-256.
  let bytes: [UInt8]
  let digest: String
  /// Held, so that no other file is taken for it.
  let file: AtomicFile

  /// Reads it back, and says on standard error what it must be by now: to whoever sits at a terminal, and to everybody if it is
  /// something else.
  ///
  /// - Returns: the finding of the check `reader`, if it is something else.
  func readBack() -> Finding? {
    let outcome = WrittenFile.outcome(bytes, at: path, identity: file.identity)
    let finding = Reader.finding(outcome, ofReport: path, digest: digest)
    if finding != nil || Terminal.isTerminal(.standardError) {
      Terminal.write(line(outcome), to: .standardError)
    }
    return finding
  }

  private func line(_ outcome: ReadingTrial.Outcome) -> String {
    let what = "liveprobe: wrote \(PlainText(path)), \(bytes.count) bytes, SHA-256 \(digest)"
    return switch outcome {
    case .held: "\(what); it reads back the same\n"
    case .impossible(let withheld): "\(what); it could not be read back: \(PlainText(withheld.why))\n"
    case .broken(_, _, let observed):
      "\(what); it does NOT read back the same: \(PlainText(observed.words)); \(Reader.sendReportsAway)\n"
    }
  }
}
