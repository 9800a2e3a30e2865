internal import Baseline
internal import Capture
internal import KernelModel
internal import Report

/// What a person is told of a capture.
struct CaptureText {
  let text: String

  init(_ capture: SavedCapture, _ manifest: CaptureManifest, path: String) {
    let outcome = capture.outcome
    let found = manifest.checks.filter { $0.word != "clear" && $0.word != "not-applicable" }
    let answers = found.isEmpty ? "all clear" : found.map { "\($0.id): \($0.word)" }.joined(separator: ", ")
    var lines: [PlainText] = [
      "\(path): \(CaptureEstimate.mebibytes(manifest.byteCount)), \(outcome.pageCount) pages, \(outcome.zeroPageCount) of them all zeros",
      "kernel    \(manifest.release), build id \(manifest.buildID.description), on \(manifest.hostName)",
      "sha256    \(manifest.digest)",
      "manifest  \(CaptureManifest.path(for: path)), \(manifest.signature?.words ?? "not signed")",
      "checks    \(answers)",
    ]
    lines += Self.doubts(capture, manifest).map { PlainText(sentence: "note      \($0)") }
    text = lines.map { "\($0)\n" }.joined()
  }

  /// What a reader must know who relies on it.
  private static func doubts(_ capture: SavedCapture, _ manifest: CaptureManifest) -> [String] {
    var doubts = capture.parts.compactMap { part in part.problem.map { "\(part.name): \($0)" } }
    if capture.outcome.unreadable > 0 {
      let why = manifest.origin == .dump ? "that belong in it are not in the dump" : "could not be read"
      doubts.append("\(capture.outcome.unreadable) pages \(why)")
    }
    if capture.missing > 0 { doubts.append("\(capture.missing) pages that the checks need are not in the file") }
    guard !capture.differing.isEmpty || capture.missing > 0 else { return doubts }
    let differing =
      capture.differing.isEmpty
      ? "" : ", and these checks answer differently on the file: " + capture.differing.joined(separator: ", ")
    doubts.append(
      // A dump does not change: what the file lacks, nobody thought of saving.
      manifest.origin == .dump
        ? "the file does not replace the dump\(differing): keep the dump, and scan that"
        : "the kernel kept changing while it was read, in each of \(capture.attempts) attempts\(differing): compare what the "
          + "file shows with a scan of the running kernel")
    return doubts
  }
}
