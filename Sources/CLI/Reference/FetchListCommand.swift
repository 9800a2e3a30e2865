internal import ArgumentParser
internal import Correlation
internal import KernelModel
internal import LiveProbe
internal import Report
internal import Vendor

/// `liveprobe reference fetch-list`: what to bring for a kernel.
struct FetchListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch-list", abstract: "Say which packages a kernel's files are in, and where they are published.",
    usage: "liveprobe reference fetch-list [<options>]",
    discussion: """
      For a dump, for a JSON report of any host, or for this host. Nothing is fetched. Whether a package has the right \
      kernel, its build id says when it is added.
      """)

  @OptionGroup var store: KernelStoreOptions

  @OptionGroup var dump: DumpOptions

  @Option(
    help: ArgumentHelp("A report that scan, crash or capture wrote as JSON.", valueName: "file"), completion: .file())
  var report: String?

  mutating func validate() throws {
    if report != nil, dump.image != nil { throw ValidationError("--report and --image are two kernels: give one") }
  }

  func run() throws {
    let (release, version, machine, build) = try kernel()
    var lines: [PlainText] = [
      "kernel    \(release) \(version)", "build id  \(build?.description ?? "not known")",
    ]
    if let build, let store = try? KernelStore(store.store), let kernel = try? store.kernel(build) {
      lines.append("stored    \(StoreText.line(kernel)), in \(store.path)")
    }
    let packages = PublishedPackages(release: release, version: version, machine: machine, build: build)
    lines.append("made by   \(packages.distribution ?? "not known: nothing in its release or version says it")")
    lines += packages.names.map { "package   \($0)" }
    lines += packages.places.map { "from      \(PlainText(sentence: $0))" }
    if packages.names.isEmpty {
      lines.append("bring     the package or the build that this kernel was installed from: vmlinuz, and its modules")
    }
    Terminal.write(StoreText.text(lines), to: .standardOutput)
  }

  private func kernel() throws -> (release: String, version: String, machine: String, buildID: BuildID?) {
    if let report {
      let bytes = try NamedFile(path: report).bytes()
      do throws(NotAReport) {
        return try HostReport.kernel(in: bytes)
      } catch {
        throw CommandFailure("\(report) \(error)")
      }
    }
    if dump.image != nil {
      var host = dump.source(reference: nil, live: LiveHost(reference: nil, ahead: .none))
      let identity = try host.acquire { _ in }.identity
      // The one in memory is the kernel's own; the other one is what a header says of it.
      let build = (try? identity.buildIDInMemory.get()) ?? (try? identity.claimedBuildID.get())
      return (identity.release, identity.version, identity.machine, build)
    }
    let names = KernelNames.read()
    return (names.release, names.version, names.machine, try? LiveIdentity.claimedBuildID().get())
  }
}
