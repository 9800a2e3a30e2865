internal import ArgumentParser
internal import Baseline
internal import Cryptography
internal import Files
internal import KernelModel
internal import Report

/// `liveprobe baseline sign`: signs a baseline, on the machine that has the key.
struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a baseline, on the machine that has the private key.",
    discussion: """
      Read it first ('liveprobe baseline show'): your signature says that the kernel should be like this. The signed file \
      replaces the file; copy it back to \(StoreOptions.standard) on the host. Keep the private key off that host.
      """)

  @Option(help: "Private key: PEM, PKCS #8, made by keygen or openssl.", completion: .file())
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
