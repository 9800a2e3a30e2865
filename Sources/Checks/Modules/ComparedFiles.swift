internal import KernelModel

/// The files that the kernel and its modules are compared with: where each is, and who vouches for it.
///
/// Each is asked for once, when somebody wants to know.
final class ComparedFiles {
  struct File {
    var source: String
    var provenance: Provenance
  }

  private let kernel: Kernel
  private var modules: [String: Result<File, Withheld>] = [:]

  fileprivate init(_ kernel: Kernel) {
    self.kernel = kernel
  }

  /// The kernel image.
  private(set) lazy var image: Result<File, Withheld> = Result { () throws(Withheld) in
    file(try kernel.reference.kernelImage().source)
  }

  /// The file of a loaded module.
  func file(ofModule name: String) -> Result<File, Withheld> {
    if let known = modules[name] { return known }
    let found = Result { () throws(Withheld) in file(try kernel.reference.moduleSource(named: name)) }
    modules[name] = found
    return found
  }

  private func file(_ source: String) -> File {
    File(source: source, provenance: kernel.reference.provenance(of: source))
  }

  /// Whether package records have the kernel's image or the file of a loaded module.
  private(set) lazy var recordsReach: Bool = {
    // What cannot be had is on no record that could be had.
    func isOnRecord(_ file: Result<File, Withheld>) -> Bool { (try? file.get())?.provenance.isOnRecord ?? false }
    if isOnRecord(image) { return true }
    guard case .success(let modules) = kernel.claims.loadedModules else { return false }
    return modules.contains { isOnRecord(file(ofModule: $0.name)) }
  }()
}

extension Kernel {
  private static let comparedFilesMember = Workings.Member { ComparedFiles($0) }

  /// The files that it and its modules are compared with.
  var comparedFiles: ComparedFiles { value(of: Self.comparedFilesMember) }
}
