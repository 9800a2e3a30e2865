internal import KernelModel
internal import KernelObjects

/// Whether a program that a setting names may be what the kernel starts.
struct ProgramJudge {
  enum Judgement: Hashable {
    /// Nothing is wrong; a remark where a reader should know whose it is.
    case fine(String?)
    /// Somebody has to say whether it is meant to be so, and why.
    case asked(String)
    /// Others than root may put another one in its place, and where.
    case open([String])
  }

  let kernel: Kernel

  func judgement(of program: NamedProgram) -> Judgement {
    guard let path = program.path, program.text != program.vendors, program.interpreter?.isEnabled != false else {
      return .fine(nil)
    }
    guard kernel.isRunning else {
      guard program.kind == .usual, program.vendors != nil else { return .fine(nil) }
      return .asked("it was changed, and the records of the host, which would say whose program it is, are not at hand")
    }
    let reason: String
    switch kernel.reference.provenance(of: path) {
    case .recorded(let record): return .fine("\(program.name) names \(path), which is package \(record.package)'s")
    case .altered(let record, _): return .asked("\(path) is not as package \(record.package) brought it")
    case .unvouched(let why): reason = why
    case .brought, .built: reason = "no package brings it"
    }
    // What was opened when it was registered stays the same, and may be of another mount namespace.
    let open = program.interpreter?.isOpen == true ? nil : kernel.toldSettings.open(path)
    if let open, !open.isEmpty {
      // Without the file's own rights, it has those of whoever starts a file of that format.
      if program.interpreter?.hasFilesRights == false { return .asked(Self.words(ofOpen: open)) }
      return .open(open)
    }
    let words = "nobody vouches for \(path): \(reason)"
    guard program.kind == .usual, hasRecords(of: program.vendors) else {
      return .fine("\(program.name) names a program of the operator's own: \(words)")
    }
    return .asked(words)
  }

  static func words(ofOpen places: [String]) -> String {
    "others than root may write to \(places.joined(separator: ", "))"
  }

  /// Whether this host has records of programs at all: of the one that the vendor named, there are some.
  private func hasRecords(of path: String?) -> Bool {
    guard let path, !path.isEmpty else { return false }
    switch kernel.reference.provenance(of: path) {
    case .recorded, .altered: return true
    case .brought, .built, .unvouched: return false
    }
  }
}
