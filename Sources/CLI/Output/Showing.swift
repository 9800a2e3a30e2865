internal import ArgumentParser
internal import Audit
internal import KernelModel
internal import Report

/// What the commands have in common that show something of the running kernel instead of scanning it.
enum Showing {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  /// What those that compare with the vendor's image are told.
  struct Options: ParsableArguments {
    @Option(help: "Output format.")
    var format: Format = .text

    @OptionGroup var dump: DumpOptions

    @Option(
      help: ArgumentHelp(
        "Trusted copy of the kernel: an image, a folder, or a distribution's package.", valueName: "path"),
      completion: .file())
    var reference: String?
  }

  /// Acquires the kernel, writes what `show` makes of it on standard output, and ends the program.
  ///
  /// - Parameters:
  ///   - refusal: what cannot be done if it fails, for the user.
  ///   - dump: what to look at instead of this host.
  ///   - reference: where to take the vendor's files from, or nil to look where vendors put them.
  ///   - needsImage: whether the vendor's image will be asked for.
  ///   - show: gets the kernel, and may say what it does.
  static func run(
    orSay refusal: String, dump: DumpOptions, reference: String? = nil, needsImage: Bool,
    _ show: (Kernel, (String) -> Void) throws -> (text: String, status: Status)
  ) -> Never {
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    let shown: (text: String, status: Status)
    do {
      var host = dump.source(
        reference: reference, live: LiveHost(reference: reference, ahead: needsImage ? .imageOnly : .none))
      shown = try show(try host.acquire(progress: progress.report), progress.report)
      progress.finish()
    } catch {
      progress.finish()
      Terminal.write(Refusal.line(refusal, error), to: .standardError)
      Terminal.exit(Status.unknown.rawValue)
    }
    finish(shown.text, shown.status)
  }

  /// Writes `text` on standard output, and ends the program: with `status`, or unknown if nobody could read the text.
  static func finish(_ text: String, _ status: Status) -> Never {
    guard Terminal.write(text, to: .standardOutput) else {
      Terminal.write("liveprobe: could not write what was found\n", to: .standardError)
      Terminal.exit(max(status.rawValue, Status.unknown.rawValue))
    }
    Terminal.exit(status.rawValue)
  }
}
