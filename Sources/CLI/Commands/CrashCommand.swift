internal import ArgumentParser
internal import Audit
internal import Checks
internal import Crash
internal import Files
internal import KernelFormats
internal import KernelModel
internal import Report

/// `liveprobe crash`: the story of a panic.
struct CrashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash", abstract: "Explain a panic, from a dump or from the text that the kernel printed.",
    usage: "liveprobe crash [<options>] <file>, or: liveprobe crash --log <file>",
    discussion: """
      Goes through what an expert would: the kernel and its log, the task that died and its system call, the stack (unwound, \
      and word by word), the memory that hooks and the stack point to, what points there, and likely explanations. Each step \
      shows its evidence. Needs no debuginfo; --reference names the vendor's kernel, to compare with.

      Exit status: 0 everything could be read and no redirection was found, 2 a redirection was found, 3 a part could not be \
      read; 1 a text (--log) shows something that may have a benign cause, such as a module that was unloaded too early.
      """)

  @Argument(help: "A vmcore, or another memory image.", completion: .file())
  var file: String?

  @Option(
    help: ArgumentHelp(
      "Read the kernel's printed text instead of a dump: dmesg, pstore, vmcore-dmesg.txt or a serial console; - for stdin.",
      valueName: "file"), completion: .file())
  var log: String?

  @OptionGroup var memory: MemoryMapOption

  @Option(
    help: ArgumentHelp(
      "Trusted copy of the kernel: an image, a folder, or a distribution's package.", valueName: "path"),
    completion: .file())
  var reference: String?

  @Option(help: "Lines of the log to show, from its end.")
  var logLines = 40

  @Option(help: "Bytes to inspect on each side of a finding (suffix K or M).")
  var around = ByteCount(bytes: 1 << 20)

  @Option(help: "Output format.")
  var format: Showing.Format = .text

  mutating func validate() throws {
    guard (file == nil) != (log == nil) else { throw ValidationError("name a dump, or a text with --log") }
    if log != nil, memory.map != nil || reference != nil {
      throw ValidationError(
        "--log and \(memory.map != nil ? "--map" : "--reference") contradict each other: a text has no memory")
    }
    guard logLines >= 0 else { throw ValidationError("--log-lines must not be negative") }
  }

  func run() throws {
    if let log { try tell(textOf: log) }
    guard let file else { return }
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    var host = DumpedHost(path: file, map: memory.map, reference: reference)
    let report: CrashReport
    do throws(AcquisitionFailure) {
      report = try self.report(on: &host, progress)
      progress.finish()
    } catch {
      progress.finish()
      Terminal.write(Refusal.line("the dump cannot be read", error), to: .standardError)
      Terminal.exit(Status.unknown.rawValue)
    }
    let theme: Theme = Terminal.wantsColour(.standardOutput) ? .colour : .plain
    Showing.finish(
      format == .json ? report.json(toolVersion: Liveprobe.version) : report.text(theme, logLines: logLines),
      report.status
    )
  }

  private func report(on host: inout DumpedHost, _ progress: Progress) throws(AcquisitionFailure) -> CrashReport {
    let startedAt = UTCTime.now()?.description ?? ""
    let stopwatch = Stopwatch()
    let kernel = try host.acquire(progress: progress.report)
    let forensics = Forensics(around: around.bytes) { SignatureRules.shippedOrNone() }
    var verdict = Audit(
      checks: Registry.checks, investigator: forensics, inventory: format == .json ? { Inventory(of: $0) } : nil
    ).run(
      acquire: { () throws(AcquisitionFailure) -> Kernel in kernel }, progress: progress.report)
    verdict.inventory = verdict.inventory?.orNamed(host.nodeName)
    progress.report("telling the story")
    return CrashReport(
      CrashStory(of: kernel, findings: verdict.answers.flatMap(\.findings), by: forensics), verdict,
      CrashReport.DumpFacts(nodeName: host.nodeName, conclusions: host.remarks),
      Measurements(
        startedAt: startedAt, wallSeconds: stopwatch.seconds, kcoreBytesRead: host.bytesRead,
        symbols: host.symbolCount, peakMemoryBytes: Stopwatch.peakMemory()))
  }

  private func tell(textOf path: String) throws -> Never {
    var text = LogText(path: path)
    try UserFiles.accepted {
      if path == "-", Terminal.isInputTyped {
        throw NamedFile.Unreadable(
          path: path, reason: "standard input is a terminal: send it the text through a pipe")
      }
      try NamedFile.Unreadable.from { () throws(FileFault) in
        if path == "-" {
          try OpenedFile.stream(0, named: path) { text.take($0) }
        } else {
          try OpenedFile(path, followingLinks: true).stream { text.take($0) }
        }
      }
      try text.finish()
    }
    let report = OopsReport(text.reports)
    let theme: Theme = Terminal.wantsColour(.standardOutput) ? .colour : .plain
    Showing.finish(format == .json ? report.json(toolVersion: Liveprobe.version) : report.text(theme), report.status)
  }
}
