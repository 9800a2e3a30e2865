internal import ArgumentParser
internal import Baseline
internal import Cryptography
internal import Files
internal import KernelModel
internal import Report

/// `liveprobe baseline sign`: signs a baseline, on the machine that has the key.
struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a baseline, where the private key is.",
    discussion: """
      Look at it first (liveprobe baseline show): a signature says that this is how the kernel should be. The file is \
      replaced by the signed one; copy that back to the host's \(StoreOptions.standard). The private key belongs on \
      another machine.
      """)

  @Option(help: "The private key: PEM, PKCS #8, as keygen and openssl make it.", completion: .file())
  var key: String

  @OptionGroup var argument: BaselineArgument

  func run() throws {
    let key = try Keys.privateKey(key)
    let (stored, file) = try argument.read()
    guard let now = UTCTime.now() else {
      throw CommandFailure("this machine's clock shows no time that can be written")
    }
    let signed = file.signed(with: key, at: now)
    do throws(FileFault) {
      // Where a link leads to it, the file itself is signed.
      try AtomicFile(realPath(stored.path) ?? stored.path).write(signed.bytes)
    } catch {
      throw CommandFailure(error)
    }
    Terminal.write(
      "\(PlainText(stored.path)): signed at \(now) with key \(key.publicKey.id)\n", to: .standardOutput)
  }
}
