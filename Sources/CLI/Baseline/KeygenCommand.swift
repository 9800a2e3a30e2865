internal import ArgumentParser
internal import Cryptography
internal import Files
internal import Report

/// `liveprobe baseline keygen`: makes a key pair to sign baselines with.
struct KeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen", abstract: "Make a key pair for signing baselines. Run it on the machine that will sign.",
    discussion: """
      Ed25519, in PEM, as openssl reads and makes it. The private key has no password: keep it off the hosts that are \
      scanned.
      """)

  @Option(help: ArgumentHelp("Write NAME.key and NAME.pub; neither may exist.", valueName: "name"))
  var output: String

  func run() throws {
    let key = PrivateKey()
    do throws(FileFault) {
      try AtomicFile("\(output).key", replaces: false).write(Array(key.pem.utf8))
      try AtomicFile("\(output).pub", mode: 0o644, replaces: false).write(Array(key.publicKey.pem.utf8))
    } catch {
      throw CommandFailure(error)
    }
    Terminal.write(
      """
      key \(key.publicKey.id)
      private  \(PlainText("\(output).key"))  keep it off the hosts that are scanned
      public   \(PlainText("\(output).pub"))  for liveprobe scan --baseline \(StoreOptions.standard) --public-key

      """, to: .standardOutput)
  }
}
