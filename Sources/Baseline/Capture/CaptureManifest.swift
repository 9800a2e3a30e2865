package import KernelModel

/// What a capture's file is: of which kernel, when, by what program, and what its bytes must be.
///
/// It stands beside the file as text of one form, described in docs/capture.md, and may be signed: the signature then holds
/// the capture too, by its digest.
package struct CaptureManifest: SignedRecord, Hashable, Sendable {
  /// What one check made of the captured kernel.
  package struct CheckStatus: Hashable, Sendable {
    /// The check's id.
    package var id: String
    /// `clear`, `found`, `unknown` or `not-applicable`.
    package var word: String

    package init(id: String, word: String) {
      self.id = id
      self.word = word
    }
  }

  /// What the memory was read of.
  package enum Origin: String, Hashable, Sendable {
    case runningKernel = "running-kernel"
    case dump
  }

  /// The program's version.
  package var toolVersion: String
  package var origin: Origin
  package var hostName: String
  package var release: String
  package var machine: String
  /// By the kernel's memory.
  package var buildID: BuildID
  /// When the capture was finished, by the clock of who made it.
  package var capturedAt: UTCTime
  /// The kernel's mask of what tainted it, or nil if that could not be had.
  package var taint: UInt64?
  /// Pages of 4096 bytes in the file.
  package var pageCount: UInt64
  /// The file's size in bytes.
  package var byteCount: UInt64
  /// SHA-256 of the file, 64 hexadecimal digits.
  package var digest: String
  /// What came of each check, by id.
  package let checks: [CheckStatus]
  package var signature: RecordSignature?

  /// The largest file that is taken for one, in bytes.
  package static let limit = 1 << 20
  static let firstLine = "liveprobe-capture 1"

  package init(
    toolVersion: String, origin: Origin, hostName: String, release: String, machine: String, buildID: BuildID,
    capturedAt: UTCTime, taint: UInt64?, pageCount: UInt64, byteCount: UInt64, digest: String, checks: [CheckStatus],
    signature: RecordSignature? = nil
  ) {
    self.toolVersion = toolVersion
    self.origin = origin
    self.hostName = hostName
    self.release = release
    self.machine = machine
    self.buildID = buildID
    self.capturedAt = capturedAt
    self.taint = taint
    self.pageCount = pageCount
    self.byteCount = byteCount
    self.digest = digest
    self.checks = checks.sorted { $0.id < $1.id }
    self.signature = signature
  }

  package var text: String {
    let lines =
      [
        Self.firstLine, "tool\t\(FieldText.encode(toolVersion))", "origin\t\(origin.rawValue)",
        "host\t\(FieldText.encode(hostName))", "release\t\(FieldText.encode(release))",
        "machine\t\(FieldText.encode(machine))", "build-id\t\(buildID)", "captured-at\t\(capturedAt)",
        "taint\t\(taint.map(String.init) ?? "")", "pages\t\(pageCount)", "bytes\t\(byteCount)", "sha256\t\(digest)",
      ] + checks.map { "check\t\(FieldText.encode($0.id))\t\(FieldText.encode($0.word))" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Where the manifest of the capture at `path` is.
  package static func path(for path: String) -> String { path + ".manifest" }
}
