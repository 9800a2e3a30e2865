internal import ArgumentParser
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe explain <check>`: what a check asks, how, and what it cannot see.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain a check: its question, its method, benign causes of a finding, what to do.")

  @Argument(help: "Id of a check, as in 'liveprobe list'.", completion: .list(Registry.checks.map(\.manual.id)))
  var check: String

  func run() throws {
    guard let check = Registry.check(withID: check) else {
      throw ValidationError(UnknownCheck(id: check).message)
    }
    Terminal.write(ManualPage(check.manual).text, to: .standardOutput)
  }
}
