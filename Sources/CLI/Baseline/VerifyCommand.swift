internal import ArgumentParser
internal import Audit
internal import Baseline
internal import KernelModel
internal import Report

/// `liveprobe baseline verify`: whether a baseline is what a key signed.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Say whether a baseline is what a key signed.",
    discussion: """
      Looks at the file alone, on any machine. Exit status: 0 if it is, 2 if it is not, 3 if that cannot be told.
      """)

  @Option(help: "The public key: PEM, as keygen and openssl make it.", completion: .file())
  var publicKey: String

  @OptionGroup var argument: BaselineArgument

  func run() throws {
    let key = try Keys.publicKey(publicKey)
    let (stored, file) = try argument.read()
    do throws(SignatureRefusal) {
      let signature = try file.verify(with: key)
      let kernel = "\(PlainText(file.state.release)), build id \(file.state.buildID)"
      Terminal.write("\(PlainText(stored.path)): \(signature.words), for \(kernel)\n", to: .standardOutput)
    } catch {
      Terminal.write(Refusal.line(stored.path, BaselineRefusal.signature(error)), to: .standardError)
      Terminal.exit(Status.critical.rawValue)
    }
  }
}
