internal import ArgumentParser
internal import Audit
internal import Baseline
internal import KernelModel
internal import Report

/// `liveprobe baseline verify`: whether a baseline is what a key signed.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify the signature of a baseline.",
    usage: "liveprobe baseline verify --public-key <key> [<options>] [<baseline>]",
    discussion: """
      Reads the file only, on any machine. Exit status: 0 signed by the key, 2 not, 3 could not be verified.
      """)

  @Option(help: "Public key: PEM, made by keygen or openssl.", completion: .file())
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
