internal import ArgumentParser
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe explain <check>`: what a check asks, how, and what it cannot see.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain a check: what it asks, how, what else a finding could be, what to do.")

  @Argument(help: "A check's id, as 'liveprobe list' shows it.", completion: .list(Registry.checks.map(\.manual.id)))
  var check: String

  func run() throws {
    guard let check = Registry.check(withID: check) else {
      throw ValidationError(UnknownCheck(id: check).message)
    }
    Terminal.write(ManualPage(check.manual).text, to: .standardOutput)
  }
}
