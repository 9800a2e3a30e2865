internal import ArgumentParser

/// Which dump to look at instead of this host.
struct DumpOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read the kernel in this dump instead of the running one: a vmcore, or another memory image.",
      valueName: "file"), completion: .file())
  var image: String?

  @OptionGroup var memory: MemoryMapOption

  mutating func validate() throws {
    if memory.map != nil, image == nil { throw ValidationError("--map needs --image") }
  }

  /// Where the kernel comes from.
  ///
  /// - Parameters:
  ///   - ahead: which files of a dump's kernel are read ahead.
  ///   - live: this host, if no dump is named.
  func source(
    reference: String?, ahead: FilesAhead = .none, live: @autoclosure () -> LiveHost
  ) -> any KernelSource {
    image.map { DumpedHost(path: $0, map: memory.map, reference: reference, ahead: ahead) } ?? live()
  }
}

/// Where a raw image's memory lies.
struct MemoryMapOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Physical memory map of a raw image, as in /proc/iomem: lines of 'START-END : System RAM'.", valueName: "file"
    ),
    completion: .file())
  var map: String?
}
