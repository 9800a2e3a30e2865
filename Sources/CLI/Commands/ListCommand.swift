internal import ArgumentParser
internal import Checks
internal import KernelModel

/// `liveprobe list`: the questions there are.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the checks.")

  func run() {
    let manuals = Registry.checks.map(\.manual)
    let width = manuals.map(\.id.count).max() ?? 0
    for manual in manuals {
      let padding = String(repeating: " ", count: width - manual.id.count + 2)
      Terminal.write("\(manual.id)\(padding)\(manual.question)\n", to: .standardOutput)
    }
  }
}
