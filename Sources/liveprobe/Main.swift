internal import CHarden
internal import CLI
internal import LiveProbe

/// The program's entry: hardened before anything else runs, then the command line.
///
/// It stands in a target of its own because whatever links `CHarden` has its environment cut down before `main`: the
/// tests of the command line must not.
@main
enum Main {
  static func main() {
    harden_signals()
    // Before anything of the command line's is made: the copy is to be quick.
    if RenamedCopy.isMeant(by: CommandLine.arguments) {
      RenamedCopy.run(CommandLine.arguments)
    } else {
      CommandLineInterface.run()
    }
  }
}
