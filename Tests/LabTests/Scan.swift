import Foundation
import Lab

/// One run of `liveprobe scan` of a guest's kernel: in the guest, or here, of the file that is the guest's memory.
struct Scan: Sendable {
  let exitStatus: Int
  let seconds: Double
  /// nil if the output was no report.
  let report: ScanReport?
  /// What is wrong with the output if it was no report.
  let complaint: String
  /// Whether it was made here.
  let isNative: Bool

  /// Scans in the guest.
  ///
  /// - Parameters:
  ///   - checks: the only ones to ask; all if none is named.
  ///   - options: further ones of the command line.
  init(
    in guest: Guest, as user: Guest.User = .root, only checks: [String] = [], options: String = ""
  ) throws(LabError) {
    let options = (Self.arguments(checks) + [options]).joined(separator: " ")
    let result = try guest.run("/liveprobe scan \(options)", as: user, timeout: 300)
    self.init(
      result.stdout, status: result.status, errors: result.errorText, seconds: result.seconds, isNative: false)
  }

  /// Scans a kernel's memory from here, while a guest stands still: a second, where a scan in the guest takes a dozen.
  ///
  /// The vendor's files are those of the lab's cache, which the guest's are copies of. What only a running kernel can be
  /// asked is not: `reader` does not apply, and `module-list` does without what user space is shown.
  ///
  /// - Parameter options: further ones of the command line.
  init(
    ofMemoryOf system: any TamperedKernel, only checks: [String] = [], options: [String] = [],
    _ settings: LabSettings = LabSettings()
  ) throws {
    let reference = system.kernel.directory.path
    let command =
      ["scan", "--image", system.memoryFile.path, "--reference", reference] + Self.arguments(checks) + options
    let begin = ContinuousClock.now
    try system.pause()
    let result = Result { try CrashStory.run(command, settings) }
    try system.resume()
    let (output, status) = try result.get()
    self.init(
      Array(output), status: Int(status), errors: "", seconds: begin.duration(to: .now).seconds, isNative: true)
  }

  init(_ output: [UInt8], status: Int, errors: String, seconds: Double, isNative: Bool) {
    exitStatus = status
    self.seconds = seconds
    self.isNative = isNative
    do {
      report = try ScanReport.decode(output)
      complaint = ""
    } catch {
      report = nil
      complaint = "no report (\(error)): \(String(decoding: output.prefix(400), as: UTF8.self)) \(errors.prefix(400))"
    }
  }

  private static func arguments(_ checks: [String]) -> [String] {
    ["--format", "json"] + checks.flatMap { ["--only", $0] }
  }
}

extension Scan {
  /// What another scan of the same state answers otherwise, in words.
  ///
  /// `reader` is left out: it can be asked of a running kernel only. Of `module-list` it is what is found that counts, and
  /// not from which places it is missing: a running kernel has more of them. Where a module of ours is loaded, whose file
  /// only the guest has, `vendor-files` says of it there alone that nothing vouches for it.
  func differences(from other: Scan) -> [String] {
    let (mine, others) = (answers, other.answers)
    return Set(mine.keys).union(others.keys).sorted().compactMap { check in
      guard mine[check] != others[check] else { return nil }
      if check == "vendor-files", [self, other].contains(where: \.namesFixture) { return nil }
      return "the places differ about \(check): \(mine[check] ?? "no answer") and \(others[check] ?? "no answer")"
    }
  }

  /// Whether it says of one of our own modules that nothing vouches for it.
  private var namesFixture: Bool {
    report?.check("vendor-files")?.findings?.contains { Expectation.isOfFixture($0) } == true
  }

  /// What each check answers: the outcome, each finding, and what explains the bytes that it compares.
  private var answers: [String: String] {
    var answers: [String: String] = [:]
    for check in report?.checks ?? [] where check.id != "reader" {
      let findings = (check.findings ?? []).map { finding in
        "\(finding.severity) \(finding.subject)" + (check.id == "module-list" ? "" : ": \(finding.message)")
      }
      let accounts = (check.textAccounts ?? []).map(\.description).sorted()
      answers[check.id] = ([check.outcome] + findings.sorted() + accounts).joined(separator: "; ")
    }
    return answers
  }
}
