internal import ArgumentParser
internal import Files
internal import KernelModel
internal import Report
internal import Vendor

/// `liveprobe reference`: vendors' kernels by build id, in one folder for all hosts.
struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Keep vendors' kernels by build id, for every host and dump.",
    discussion: """
      A store is a folder with kernel images and modules, each file once, found by the kernel's build id. Fill it on a \
      machine that you trust, and give it to scans: liveprobe scan --reference STORE. Mount it read-only, or copy it; any \
      web server can serve it. liveprobe fetches nothing by itself.

      First: liveprobe reference add linux-image-6.1.0-56-amd64_6.1.187-1_amd64.deb
      """,
    subcommands: [
      AddReferenceCommand.self, ListReferencesCommand.self, ShowReferenceCommand.self, VerifyReferencesCommand.self,
      RemoveReferenceCommand.self, FetchListCommand.self,
    ])
}

/// The folder with kernels.
struct KernelStoreOptions: ParsableArguments {
  @Option(help: "The folder with the kernels.", completion: .directory)
  var store = KernelStore.standardPath

  func open(makes: Bool = false) throws -> KernelStore {
    try asking { () throws(StoreFault) in try KernelStore(store, makes: makes) }
  }

  func asking<Value>(_ body: () throws(StoreFault) -> Value) throws -> Value {
    do throws(StoreFault) {
      return try body()
    } catch {
      throw CommandFailure("\(error)")
    }
  }

  /// The one build that begins with `text`.
  func build(_ text: String, _ store: KernelStore) throws -> BuildID {
    let found = try asking { () throws(StoreFault) in try store.builds() }.filter { $0.description.hasPrefix(text) }
    guard let build = found.first, !text.isEmpty else {
      throw CommandFailure("\(self.store) has no kernel whose build id begins with \(text)")
    }
    guard found.count == 1 else {
      throw CommandFailure("\(found.count) builds begin with \(text); give more of the build id")
    }
    return build
  }
}

/// `liveprobe reference add`.
struct AddReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add kernels: packages, images, or folders with such.",
    usage: "liveprobe reference add [<options>] <path> ...",
    discussion: """
      Packages are .deb, .rpm, .pkg.tar.zst and .apk; images are vmlinuz, vmlinux and unified kernel images. Modules go to \
      the kernel of their release, so give the package with the image and those with modules together.

      With --keyring a package is taken only if a signature vouches for it, by a key in the keyring: an rpm's own; with \
      --metadata, the .sig of a pacman package, or, for a .deb, the repository's InRelease and the Packages file that it \
      names. Without a keyring it is noted who signed, and nothing is verified.

      Exit status: 0, 1 if some files were not taken, 3 if none were.
      """)

  @OptionGroup var store: KernelStoreOptions

  @OptionGroup var keys: KeyringOptions

  @Option(
    help: ArgumentHelp(
      "InRelease (or Release and Release.gpg), Packages, .sig, or a folder with such. May be repeated.",
      valueName: "path"),
    completion: .file())
  var metadata: [String] = []

  @Argument(help: ArgumentHelp("What to add.", valueName: "path"), completion: .file())
  var paths: [String]

  func run() throws {
    for path in paths + metadata where FileStatus(at: path, followingLinks: true) == nil {
      throw CommandFailure("\(path): no such file")
    }
    let verifier = try keys.verifier(metadata)
    let folder = try store.open(makes: true)
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    let intake = try store.asking { () throws(StoreFault) in try KernelIntake(folder, verifier: verifier)
    }
    for path in paths {
      try store.asking { () throws(StoreFault) in try intake.add(path, progress: progress.report) }
    }
    let kernels = try store.asking { () throws(StoreFault) in try intake.finish() }
    progress.finish()
    for kernel in kernels { Terminal.write("\(StoreText.line(kernel))\n", to: .standardOutput) }
    for problem in intake.problems {
      Terminal.write("liveprobe: not added: \(PlainText(sentence: problem))\n", to: .standardError)
    }
    if !intake.problems.isEmpty { Terminal.exit(kernels.isEmpty ? 3 : 1) }
    if kernels.isEmpty { Terminal.write("nothing new: the store has all of it\n", to: .standardOutput) }
  }
}

/// `liveprobe reference list`.
struct ListReferencesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the kernels: build id, release, package, modules.")

  @OptionGroup var store: KernelStoreOptions

  func run() throws {
    let folder = try store.open()
    for build in try store.asking({ () throws(StoreFault) in try folder.builds() }) {
      do throws(StoreFault) {
        Terminal.write("\(StoreText.line(try folder.kernel(build)))\n", to: .standardOutput)
      } catch {
        Terminal.write("\(build)  \(PlainText(sentence: "\(error)"))\n", to: .standardOutput)
      }
    }
  }
}

/// `liveprobe reference show`.
struct ShowReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one kernel: its packages, its images, its modules.")

  @OptionGroup var store: KernelStoreOptions

  @Argument(help: ArgumentHelp("The build id, or its beginning.", valueName: "build-id"))
  var build: String

  @Flag(help: "Each module's file, too.")
  var modules = false

  func run() throws {
    let folder = try store.open()
    let build = try store.build(build, folder)
    let kernel = try store.asking { () throws(StoreFault) in try folder.kernel(build) }
    Terminal.write(StoreText.all(kernel, withModules: modules), to: .standardOutput)
  }
}

/// `liveprobe reference verify`.
struct VerifyReferencesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Say whether every stored file is as it was added, and who signed it.",
    discussion: """
      Reads all files, compares their digests, and the build ids of the images. A digest is the store's own. With --keyring \
      the signatures that were kept are verified again: of an rpm all the way to each file; of a .deb to the list that named \
      it, and from there on the store's word is taken; of a pacman package nothing is kept.

      Exit status: 0 if all are as they were added, and, with --keyring, all packages have a signature that was verified \
      again; 2 if one is not as it was; 3 if that cannot be told.
      """)

  @OptionGroup var store: KernelStoreOptions

  @OptionGroup var keys: KeyringOptions

  func run() throws {
    let verifier = keys.keyring.isEmpty ? nil : try keys.verifier()
    let folder = try store.open()
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    var problems = try store.asking { () throws(StoreFault) in
      try folder.problems { progress.report("reading build \($0)") }
    }
    progress.finish()
    let kernels = try store.asking { () throws(StoreFault) in try folder.kernels() }
    var isUnsigned = false
    for kernel in kernels {
      let reviews = folder.review(kernel, verifier)
      Terminal.write(SignatureText.lines(kernel, reviews), to: .standardOutput)
      for review in reviews {
        if case .wrong(let why) = review.outcome {
          problems.append("build \(kernel.buildID): \(review.package.file): \(why)")
        }
      }
      isUnsigned = isUnsigned || kernel.files.contains { $0.package == nil } || !reviews.allSatisfy(\.isSigned)
    }
    for problem in problems { Terminal.write("\(PlainText(sentence: problem))\n", to: .standardOutput) }
    if !problems.isEmpty { Terminal.exit(2) }
    let count = kernels.count
    let words = count == 1 ? "1 kernel" : "\(count) kernels"
    Terminal.write("\(words): all files are as they were added\n", to: .standardOutput)
    if verifier != nil, isUnsigned {
      Terminal.write("not every package has a signature that was verified again\n", to: .standardOutput)
      Terminal.exit(3)
    }
  }
}

/// `liveprobe reference remove`.
struct RemoveReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a kernel, and the files that no other kernel has.")

  @OptionGroup var store: KernelStoreOptions

  @Argument(help: ArgumentHelp("The build id, or its beginning.", valueName: "build-id"))
  var build: String

  func run() throws {
    let folder = try store.open()
    let build = try store.build(build, folder)
    let count = try store.asking { () throws(StoreFault) in try folder.remove(build) }
    Terminal.write("build \(build) was removed, and \(count) files\n", to: .standardOutput)
  }
}
