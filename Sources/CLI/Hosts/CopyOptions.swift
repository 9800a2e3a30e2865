internal import ArgumentParser

/// Whether a copy of the program is run from memory under another name, to see whether it is shown the same.
struct CopyOptions: ParsableArguments {
  @Flag(
    help: """
      Run no copy of the program under another name, which security products may take for malware: who answers by a \
      program's name is not found out then.
      """)
  var noCopy = false

  var isAllowed: Bool { !noCopy }

  /// Takes from `configuration` what the command line does not say.
  mutating func fill(from configuration: Configuration) {
    if configuration.copies == false { noCopy = true }
  }
}
