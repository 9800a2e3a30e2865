package import Baseline
import KernelModel

extension DecoderTrial {
  /// What decodes is what it encodes to, and nothing else decodes.
  static func captureManifest(_ bytes: [UInt8]) -> String? {
    do throws(RecordFormatError) {
      let manifest = try CaptureManifest.decode(bytes)
      guard manifest.bytes == bytes else { return "decoded, and encoded to other bytes" }
      guard manifest.digest.utf8.count == 64 else { return "a digest of another length" }
      guard manifest.checks.map(\.id) == manifest.checks.map(\.id).sorted() else { return "checks out of order" }
    } catch {
      guard error.description.contains("line ") || error.description.contains("bytes") else {
        return "an error without a line: \(error)"
      }
    }
    return nil
  }
}

/// A capture's manifest with a line of each kind.
package enum SampleManifest {
  package static func manifest(signature: RecordSignature? = nil) -> CaptureManifest? {
    UTCTime("2026-03-01T03:00:00Z").map { time in
      CaptureManifest(
        toolVersion: "0.1.0", origin: .runningKernel, hostName: "web17\u{1b}[2K", release: "6.1.0-56-amd64",
        machine: "x86_64", buildID: BuildID(bytes: Array(0xa0..<0xb4)), capturedAt: time, taint: 12288,
        pageCount: 14561, byteCount: 13_277_904, digest: String(repeating: "0a", count: 32),
        checks: [.init(id: "taint", word: "clear"), .init(id: "kernel-text", word: "found")], signature: signature)
    }
  }

  package static var samples: [[UInt8]] {
    [manifest(), manifest(signature: SampleBaseline.signed.signature)].compactMap { $0?.bytes }
  }
}
