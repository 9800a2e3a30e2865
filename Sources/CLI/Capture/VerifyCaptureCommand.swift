internal import ArgumentParser
internal import Audit
internal import Baseline
internal import Cryptography
internal import Files
internal import Report

/// `liveprobe capture verify`: whether a capture is what its manifest says.
struct VerifyCaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify a capture against its manifest, and the manifest's signature.",
    discussion: """
      Reads FILE and FILE.manifest, on any machine. Without --public-key the signature is not verified.

      Exit status: 0 verified, 2 not what the manifest says or the key signed, 3 could not be verified.
      """)

  @Option(help: "Public key: PEM, made by keygen or openssl.", completion: .file())
  var publicKey: String?

  @Argument(help: ArgumentHelp("Capture file.", valueName: "file"), completion: .file())
  var file: String

  func run() throws {
    let key = try publicKey.map(Keys.publicKey)
    let manifest = try read(CaptureManifest.path(for: file))
    if let key {
      do throws(SignatureRefusal) {
        try manifest.verify(with: key)
      } catch {
        refuse("the manifest \(error)")
      }
    }
    let digest: FileDigest
    do throws(FileFault) {
      digest = try FileDigest(of: OpenedFile(file, followingLinks: true))
    } catch {
      throw CommandFailure("\(file): \(error.problem)")
    }
    guard digest.byteCount == manifest.byteCount else {
      refuse("it has \(digest.byteCount) bytes, and the manifest says \(manifest.byteCount)")
    }
    guard digest.sha256 == manifest.digest else {
      refuse("its SHA-256 is \(digest.sha256), and the manifest says \(manifest.digest)")
    }
    let signed = key == nil ? "its signature was not verified (no --public-key)" : manifest.signature?.words ?? ""
    Terminal.write(
      "\(PlainText(file)): as the manifest says, \(signed), of \(PlainText(manifest.hostName)), "
        + "kernel \(PlainText(manifest.release)), build id \(manifest.buildID), at \(manifest.capturedAt)\n",
      to: .standardOutput)
  }

  private func read(_ path: String) throws -> CaptureManifest {
    do {
      return try CaptureManifest.decode(
        try NamedFile(path: path, limit: CaptureManifest.limit).bytes())
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }

  private func refuse(_ reason: String) -> Never {
    Terminal.write(
      "liveprobe: \(PlainText(file)): not what was captured: \(PlainText(sentence: reason))\n", to: .standardError)
    Terminal.exit(Status.critical.rawValue)
  }
}
