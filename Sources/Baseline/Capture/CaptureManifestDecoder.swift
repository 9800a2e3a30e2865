internal import KernelModel

extension CaptureManifest {
  /// The manifest in `bytes`, which may be anybody's.
  ///
  /// - Throws: with the line that is wrong, unless the bytes are exactly those that the manifest encodes to.
  package static func decode(_ bytes: [UInt8]) throws(RecordFormatError) -> CaptureManifest {
    var lines = try RecordLines(bytes, firstLine: firstLine, limit: limit)
    let toolVersion = try lines.next("tool", fields: 1).text(0)
    let origin = try lines.next("origin", fields: 1)
    guard let known = Origin(rawValue: String(origin.fields[0])) else {
      throw origin.malformed("field 1 is no origin that is known")
    }
    let hostName = try lines.next("host", fields: 1).text(0)
    let release = try lines.next("release", fields: 1).text(0)
    let machine = try lines.next("machine", fields: 1).text(0)
    let buildID = try lines.next("build-id", fields: 1).buildID(0)
    let time = try lines.next("captured-at", fields: 1)
    guard let capturedAt = UTCTime(time.fields[0]) else {
      throw time.malformed("field 1 is no time such as 2026-01-31T12:00:00Z")
    }
    let taint = try lines.next("taint", fields: 1)
    let pageCount = try lines.next("pages", fields: 1).count(0)
    let byteCount = try lines.next("bytes", fields: 1).count(0)
    let digest = try lines.next("sha256", fields: 1)
    // The same form as a build id's: lower-case hexadecimal.
    guard try digest.buildID(0).bytes.count == 32 else { throw digest.malformed("field 1 is no SHA-256") }
    var checks: [CheckStatus] = []
    while lines.peek == "check" {
      let line = try lines.next("check", fields: 2)
      checks.append(CheckStatus(id: try line.text(0), word: try line.text(1)))
      guard checks.count < 2 || checks[checks.count - 2].id < checks[checks.count - 1].id else {
        throw line.malformed("each check stands once, sorted by id")
      }
    }
    let manifest = CaptureManifest(
      toolVersion: toolVersion, origin: known, hostName: hostName, release: release, machine: machine,
      buildID: buildID, capturedAt: capturedAt, taint: taint.fields[0].isEmpty ? nil : try taint.count(0),
      pageCount: pageCount, byteCount: byteCount, digest: String(digest.fields[0]), checks: checks,
      signature: try lines.end())
    try manifest.requireForm(of: bytes)
    return manifest
  }
}
