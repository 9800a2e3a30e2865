internal import ArgumentParser
internal import Baseline
internal import Capture
internal import Files
internal import KernelModel
internal import Postmortem
internal import Report

/// `liveprobe capture -o FILE`: saves it.
struct SaveCaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save", abstract: "Save the pages of kernel memory that the checks and crash need.",
    usage: "liveprobe capture save --output <file> [<options>]",
    discussion: """
      Writes FILE, kdump-compressed, and FILE.manifest, which describes FILE and holds its digest. Requires root unless \
      --image is given. Before FILE gets its name, it is scanned as 'liveprobe scan --image' would.

      Exit status: 0 saved, whatever the checks found; 3 not saved, and no file left behind.
      """)

  @Option(
    name: [.short, .long], help: ArgumentHelp("Output file; its manifest is written beside it.", valueName: "file"),
    completion: .file())
  var output: String

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @Option(help: "Sign the manifest with this private key, made by 'liveprobe baseline keygen'.", completion: .file())
  var key: String?

  @Option(help: "The vendor's files, as for scan.", completion: .file())
  var reference: String?

  @Option(
    help: """
      How pages are compressed: lzo takes a tenth of the time of zlib, and a third more room. Every crash reads zlib; those of \
      distributions read lzo as well, and so does drgn.
      """)
  var compress = PageCompression.lzo

  @OptionGroup var dump: DumpOptions

  @OptionGroup var copying: CopyOptions

  func run() throws {
    // What cannot be used or written is known before anything is read.
    let key = try key.map(Keys.privateKey)
    let interruption = Interruption()
    let files = try Self.files(output, replaces: force)
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    do {
      let source = try CaptureSource.open(
        dump, reference: reference, asksCopy: copying.isAllowed, progress)
      let run = CaptureRun(
        source: source, reference: reference, compression: compress, file: files.capture, progress: progress,
        interruption: interruption)
      let capture = try run.run()
      var manifest = capture.manifest
      if let key { manifest = manifest.signed(with: key, at: manifest.capturedAt) }
      try files.manifest.write(contentsOf: manifest.bytes, at: 0)
      try files.manifest.settle()
      try files.capture.finish()
      try files.manifest.finish()
      progress.finish()
      Terminal.write(CaptureText(capture, manifest, path: output).text, to: .standardOutput)
    } catch {
      progress.finish()
      files.capture.abandon()
      files.manifest.abandon()
      // Only now may a signal that waited end the program.
      try withExtendedLifetime(interruption) { throw CommandFailure(CaptureFailure.words(for: error)) }
    }
  }

  private static func files(
    _ path: String, replaces: Bool
  ) throws -> (capture: AtomicFile, manifest: AtomicFile) {
    do throws(FileFault) {
      return (
        try AtomicFile(path, replaces: replaces, waits: false),
        try AtomicFile(CaptureManifest.path(for: path), replaces: replaces, waits: false)
      )
    } catch {
      throw CommandFailure(CaptureFailure.words(for: error))
    }
  }
}

extension PageCompression: ExpressibleByArgument {}
