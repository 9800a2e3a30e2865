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
    // CommandLine asks /proc/self/cmdline, which may be missing, and which whoever edits reads of /proc may edit.
    let arguments = (0..<harden_argument_count()).map { String(cString: harden_argument($0)) }
    // Before anything of the command line's is made: the copy is to be quick.
    if RenamedCopy.isMeant(by: arguments) {
      RenamedCopy.run(arguments)
    } else {
      CommandLineInterface.run(Array(arguments.dropFirst()))
    }
  }
}
