package import KernelModel

/// Somebody should vouch for the files that the kernel is compared with.
package struct VendorFiles: Check {
  package static let manual = Manual(
    id: "vendor-files",
    question: "Does a package, DKMS or a key vouch for the kernel image and for each loaded module's file?",
    method: """
      Computes the digest of the kernel image and of the file of each loaded module, and compares it with the one \
      that dpkg or rpm recorded at installation. A module that belongs to no package is vouched for if DKMS built it \
      from a source tree that is unchanged since a package installed it, or if a key in the kernel image or on the \
      kernel's keyrings signed it; the signature is verified. A loaded module that nothing vouches for is a finding \
      where that means something: where package records cover the kernel's own files, or where the kernel marked \
      this module as out-of-tree or unsigned, and others not. Files given with --reference are vouched for by \
      whoever brought them.
      """,
    innocentCauses: [
      "an administrator or a tool replaced the file: a rebuilt module, an image signed again for Secure Boot"
    ],
    blindSpots: [
      "the records are on the same disk: whoever changes a file can change its record; a copy from "
        + "elsewhere (--reference) is stronger",
      "files of modules that are not loaded, the initramfs, and the boot loader",
      "records other than dpkg's and rpm's own (SQLite) database: on such a host, and for a kernel that was "
        + "built by hand, an unsigned module that claims to be in-tree passes",
      "whether DKMS's sources produced the file: the build is not repeated",
      "a key that was added to the kernel's keyrings by a write to kernel memory",
      "a kernel that shows a changed file's old bytes to every reader",
    ],
    proof: .provenance,
    response: [
      "keep the file: copy it to another machine, with its times",
      "compare it with the same file from the vendor's package, downloaded on another machine",
      "scan again with --reference and that package: then nothing on this disk is relied on",
      "if no one replaced the file on purpose, treat the host as compromised and rebuild it from trusted media",
    ],
    responseToDump: [
      "the file is on this disk, not in the dump: keep it, and see whether this is the disk of the host that died",
      "name the vendor's package with --reference: then nothing on this disk is relied on",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    var examination = Examination()
    var unvouched = Unvouched()
    let files = kernel.comparedFiles
    var isImageBrought = false
    do throws(Withheld) {
      let image = try files.image.get()
      isImageBrought = image.provenance == .brought
      if case .unvouched(let reason) = image.provenance {
        examination.note(Subject("kernel image"), .text("nobody vouches for it"))
        unvouched.add(image.source, reason)
      } else {
        judge(image, Subject("kernel image"), into: &examination)
      }
    } catch {
      examination.leaveUnanswered(Subject("kernel image"), .withheld(error))
    }
    switch kernel.claims.loadedModules {
    case .failure(let withheld):
      examination.leaveUnanswered(Subject("modules' files"), .withheld(withheld))
    case .success(let modules):
      var open: [OpenModule] = []
      var brought = 0
      for module in modules {
        let subject = Subject("file of module \(module.name)")
        do throws(Withheld) {
          let file = try files.file(ofModule: module.name).get()
          if case .unvouched(let reason) = file.provenance {
            open.append(OpenModule(name: module.name, source: file.source, reason: reason))
          } else {
            brought += file.provenance == .brought ? 1 : 0
            judge(file, subject, into: &examination)
          }
        } catch {
          // A place that was searched: that there is no such file is an answer, and module-text lacks the file.
          if error.isAbsent {
            open.append(OpenModule(name: module.name, source: nil, reason: error.why))
          } else {
            examination.leaveUnanswered(subject, .withheld(error))
          }
        }
      }
      if brought > 0, !isImageBrought {
        examination.remark(
          "\(brought == 1 ? "one module's file was" : "the files of \(brought) modules were") brought; the kernel image, "
            + "and what else was compared with, are this disk's own")
      }
      judge(open, recordsReach: files.recordsReach, in: kernel, &unvouched, into: &examination)
    }
    for sentence in unvouched.sentences { examination.remark(sentence) }
    return examination
  }

  /// A module for whose file neither a package nor a person vouches.
  private struct OpenModule {
    var name: String
    /// Where its file is; nil if there is none where the modules of this kernel are.
    var source: String?
    var reason: String
  }

  private func judge(
    _ modules: [OpenModule], recordsReach: Bool, in kernel: Kernel, _ unvouched: inout Unvouched,
    into examination: inout Examination
  ) {
    guard !modules.isEmpty else { return }
    let vouching = ModuleVouching(kernel, recordsReach: recordsReach)
    for module in modules {
      let subject = Subject("file of module \(module.name)")
      if module.source != nil, let key = vouching.signer(of: module.name) {
        examination.note(subject, .text("signed by \(key.name), whose key is among \(key.origin)"), lasting: false)
      } else if let why = vouching.reasonToAsk(about: module.name) {
        report(module, why: why, vouching, into: &examination)
      } else {
        examination.note(subject, .text("nobody vouches for it"), lasting: false)
        unvouched.add(module.source ?? "a file of \(module.name)", module.reason)
      }
    }
  }

  /// Reports a module that nothing vouches for.
  ///
  /// Its build is a fact that lasts: a baseline may have it accepted.
  private func report(
    _ module: OpenModule, why: String, _ vouching: ModuleVouching, into examination: inout Examination
  ) {
    let subject = Subject("module \(module.name)")
    let identity = vouching.identity(of: module.name, hasFile: module.source != nil)
    examination.note(subject, .text("nothing vouches for it: \(identity)"))
    examination.report(
      Finding(
        kind: .contradiction, severity: .warning, subject: subject,
        message: "nothing vouches for this module: no package, no package's source, no key that is trusted",
        expected: "a file that a package brought, that DKMS built from a package's sources, or that one of the "
          + "kernel's keys signed",
        observed: .text(module.reason), owner: vouching.owner(of: module.name),
        evidence: [
          Finding.Evidence("file", .text(module.source ?? "none that is known here")),
          Finding.Evidence("file's digest", .text(module.source == nil ? "none" : identity)),
        ] + vouching.evidence(of: module.name, hasFile: module.source != nil) + [
          Finding.Evidence("taint", .text(vouching.letters(of: module.name))),
          Finding.Evidence("why it is asked", .text(why)),
        ],
        stranger: Finding.Stranger(module: module.name, identity: identity),
        effects: [.init(.loadsModule, module.name)],
        meaning: "its code and its file may agree, but no known party answers for what it does",
        innocentCauses: [
          "a driver that was built or copied here by hand, or by a vendor's installer, and not by a package",
          "a live patch, or a module of a security product, that is loaded from a folder of its own",
        ],
        response: [
          "find out who brought it: the file's times, the shell's history, journalctl -k -g \(module.name)",
          "if it belongs here, say so: an allow rule for vendor-files with its build id, or liveprobe baseline record "
            + "--accept",
          "if no one knows it, keep the file and a memory image, and treat the host as compromised",
        ]))
  }

  private func judge(_ file: ComparedFiles.File, _ subject: Subject, into examination: inout Examination) {
    switch file.provenance {
    // Who vouches for a file depends on what was brought, and on which modules are loaded.
    case .brought:
      examination.note(subject, .text("brought"), lasting: false)
    case .recorded(let record):
      examination.note(subject, .text("as \(record.manager) recorded it for \(record.package)"), lasting: false)
    case .built(let tree):
      examination.note(
        subject, .text("built by DKMS from \(tree.path), as \(tree.manager) recorded it for \(tree.package)"),
        lasting: false)
    case .unvouched: break
    case .altered(let record, let actual):
      examination.note(subject, .text("not as \(record.manager) recorded it for \(record.package)"))
      examination.report(
        Finding(
          kind: .contradiction, severity: .critical, subject: subject,
          message: "\(file.source) was changed after the package manager installed it",
          expected: "\(record.algorithm) \(record.digest), as \(record.manager) recorded it for \(record.package)",
          observed: "\(record.algorithm) \(actual)",
          evidence: [Finding.Evidence("file", .text(file.source)), Finding.Evidence("package", .text(record.package))],
          effects: [.init(.replacesFile, file.source)],
          meaning: "what the running kernel is compared with is not what the vendor shipped"))
    }
  }

  /// Files nobody vouches for, and why.
  private struct Unvouched {
    private static let mostNamed = 3
    private var reasons: Set<String> = []
    private var files: [String] = []

    mutating func add(_ file: String, _ reason: String) {
      files.append(file)
      reasons.insert(reason)
    }

    /// One sentence; the reason where all have the same, the names of a few where each has its own.
    var sentences: [String] {
      guard let first = reasons.first else { return [] }
      let count = files.count == 1 ? "one file" : "\(files.count) files"
      let rest = files.count > Self.mostNamed ? " and \(files.count - Self.mostNamed) more" : ""
      let words =
        reasons.count == 1 ? first : "no package brings \(files.prefix(Self.mostNamed).joined(separator: ", "))\(rest)"
      return ["nothing vouches for \(count) that the kernel is compared with: \(words)"]
    }
  }
}

extension Provenance {
  /// Whether a package manager has the file on record, as it is or otherwise.
  var isOnRecord: Bool {
    switch self {
    case .recorded, .altered: true
    case .brought, .built, .unvouched: false
    }
  }
}
