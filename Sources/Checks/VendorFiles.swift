package import KernelModel

/// The files that the kernel is compared with should be those that the package manager installed.
package struct VendorFiles: Check {
  package static let manual = Manual(
    id: "vendor-files",
    question: "Are the kernel image and the modules' files on this disk those that the package manager installed?",
    method: """
      Computes the digest of the kernel image and of the file of each loaded module, and compares it with the one that \
      dpkg or rpm recorded when the package was installed. A file that no package brings, such as a kernel built here \
      or a module of DKMS, is named and not held against the host. Files that --reference names are taken as they are.
      """,
    innocentCauses: [
      "an administrator or a tool that replaced the file by hand: a rebuilt module, an image signed anew for Secure Boot"
    ],
    blindSpots: [
      "the records are on the same disk: who changes a file can change its record; a copy from elsewhere "
        + "(--reference) is the stronger answer",
      "files of modules that are not loaded, the initramfs, and the boot loader",
      "a file that no package brings, or whose package recorded no digest; records other than dpkg's and rpm's own "
        + "(SQLite) database",
      "a kernel that gives a changed file's old bytes to whoever reads it",
    ],
    response: [
      "keep the file: copy it to another machine, with its times",
      "compare it with the same file from the vendor's package, fetched on another machine",
      "scan again with --reference and that package: then nothing on this disk is relied on",
      "if nobody replaced the file on purpose, treat the host as compromised and rebuild it from trusted media",
    ],
    responseToDump: [
      "the file is on this disk, not in the dump: keep it, and see whether this is the disk of the host that died",
      "name the vendor's package with --reference: then nothing on this disk is relied on",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    var examination = Examination()
    var unvouched = Unvouched()
    // Where nobody vouches for anything, which modules are loaded today is not worth remembering.
    var vouchesForImage = false
    do throws(Withheld) {
      let source = try kernel.reference.kernelImage().source
      if case .unvouched = kernel.reference.provenance(of: source) {} else { vouchesForImage = true }
      judge(source, Subject("kernel image"), in: kernel, &unvouched, into: &examination)
    } catch {
      examination.leaveUnanswered(Subject("kernel image"), .withheld(error))
    }
    switch kernel.claims.loadedModules {
    case .failure(let withheld):
      examination.leaveUnanswered(Subject("modules' files"), .withheld(withheld))
    case .success(let modules):
      for module in modules {
        let subject = Subject("file of module \(module.name)")
        do throws(Withheld) {
          let source = try kernel.reference.moduleSource(named: module.name)
          judge(source, subject, in: kernel, isTelling: vouchesForImage, &unvouched, into: &examination)
        } catch {
          examination.leaveUnanswered(subject, .withheld(error))
        }
      }
    }
    for sentence in unvouched.sentences { examination.remark(sentence) }
    return examination
  }

  /// - Parameter isTelling: whether it says something of the file that nobody vouches for it.
  private func judge(
    _ source: String, _ subject: Subject, in kernel: Kernel, isTelling: Bool = true, _ unvouched: inout Unvouched,
    into examination: inout Examination
  ) {
    switch kernel.reference.provenance(of: source) {
    // Who vouches for a file depends on what was brought, and on which modules are loaded; that nobody does, on the file.
    case .brought:
      examination.note(subject, .text("brought"), lasting: false)
    case .recorded(let record):
      examination.note(subject, .text("as \(record.manager) recorded it for \(record.package)"), lasting: false)
    case .unvouched(let reason):
      examination.note(subject, .text("nobody vouches for it"), lasting: isTelling)
      unvouched.add(source, reason)
    case .altered(let record, let actual):
      examination.note(subject, .text("not as \(record.manager) recorded it for \(record.package)"))
      examination.report(
        Finding(
          severity: .critical, subject: subject,
          message: "\(source) was changed after the package manager installed it",
          expected: "\(record.algorithm) \(record.digest), as \(record.manager) recorded it for \(record.package)",
          observed: "\(record.algorithm) \(actual)",
          evidence: [Finding.Evidence("file", source), Finding.Evidence("package", record.package)],
          meaning: "what the running kernel is compared with is not what the vendor shipped",
          innocentCauses: Self.manual.innocentCauses, response: Self.manual.response))
    }
  }

  /// Files nobody vouches for, and why.
  private struct Unvouched {
    private static let mostNamed = 5
    private var reasons: [String] = []
    private var files: [String] = []

    mutating func add(_ file: String, _ reason: String) {
      files.append(file)
      if !reasons.contains(reason) { reasons.append(reason) }
    }

    var sentences: [String] {
      guard !files.isEmpty else { return [] }
      let named = reasons.prefix(Self.mostNamed).joined(separator: "; ")
      let rest = reasons.count > Self.mostNamed ? "; and \(reasons.count - Self.mostNamed) more reasons" : ""
      let count = files.count == 1 ? "one file" : "\(files.count) files"
      return ["nobody vouches for \(count) that the kernel is compared with: \(named)\(rest)"]
    }
  }
}
