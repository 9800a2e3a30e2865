internal import ArgumentParser

/// The command line as a whole: from arguments to exit status.
package enum CommandLineInterface {
  /// Runs the program, and ends it.
  ///
  /// Every way out that is not an answer is status 3, UNKNOWN: ArgumentParser's own 64 means nothing to a monitoring
  /// system.
  ///
  /// - Parameter arguments: without the program's own name.
  package static func run(_ arguments: [String]) -> Never {
    let program: any ParsableCommand.Type =
      NamedCommand.isNamed(by: arguments.first) ? NamedCommand.self : Liveprobe.self
    do {
      var command = try program.parseAsRoot(arguments)
      try command.run()
      Terminal.exit(0)
    } catch {
      let code = program.exitCode(for: error)
      let message = program.fullMessage(for: error)
      guard !code.isSuccess else {
        Terminal.write(message + "\n", to: .standardOutput)
        Terminal.exit(0)
      }
      if !message.isEmpty { Terminal.write(message + "\n", to: .standardError) }
      Terminal.exit(3)
    }
  }
}
