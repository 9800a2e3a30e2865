import Files
import Glibc
package import KernelModel

/// The files of kernel modules on disk, found and described by libkmod, and only when somebody asks.
package final class ModuleFiles: ModuleIndex {
  private let root: SystemRoot
  private let release: String
  private var known: [String: Result<ModuleFile, Withheld>] = [:]

  /// - Parameter release: as `uname -r` says; module files lie under `lib/modules/RELEASE`.
  package init(_ root: SystemRoot, release: String) {
    self.root = root
    self.release = release
  }

  /// The path of the module's file and what its modinfo says.
  ///
  /// - Throws: if there is no folder for this kernel's modules, no such module in its index, or the file cannot be read.
  package func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
    if let answer = known[name] { return try answer.get() }
    let answer = look(for: name)
    known[name] = answer
    return try answer.get()
  }

  /// The folder of this kernel's modules, or nil if there is none.
  static func folder(_ root: SystemRoot, release: String) -> String? {
    guard !release.isEmpty, !release.contains("/"), release != ".." else { return nil }
    return ["lib/modules/\(release)", "usr/lib/modules/\(release)"].first { root.exists($0) }
  }

  /// The path of the module's file: no file is opened but libkmod's index.
  package func path(ofModule name: String) throws(Withheld) -> String {
    let path = try ask(about: name) { $0.path(ofModule: name) }.get()
    // An index that was not renewed names a file that is gone.
    guard access(path, F_OK) == 0 || errno != ENOENT else {
      throw Self.absent(name, why: "the index names \(path), which is not there")
    }
    return path
  }

  /// A module whose file is not where this kernel's modules are: only whoever loaded it knows where it came from.
  private static func absent(_ name: String, why: String) -> Withheld {
    Withheld(
      "the file of module \(name)", why: why,
      remedy: "bring the file that it was loaded from, which may be in the initramfs only: "
        + "liveprobe scan --reference FOLDER, with \(name).ko in it",
      isAbsent: true)
  }

  private func look(for name: String) -> Result<ModuleFile, Withheld> {
    ask(about: name) { $0.file(named: name) }.map { file in
      ModuleFile(path: file.path, info: file.info.map { ModuleFile.InfoEntry(key: $0.key, value: $0.value) })
    }
  }

  private func ask<Answer>(
    about name: String, _ question: (borrowing LibkmodContext) -> Result<Answer, LibkmodRefusal>
  ) -> Result<Answer, Withheld> {
    let what = "the file of module \(name)"
    guard let folder = Self.folder(root, release: release) else {
      return .failure(
        Withheld(
          what, why: "there is no folder \(root.path("lib/modules/\(release)"))",
          remedy: "scan where the host's own files can be seen, or install the kernel package for \(release)"))
    }
    guard root.exists("\(folder)/modules.dep.bin") else {
      return .failure(
        Withheld(
          what, why: "\(root.path(folder)) has no index modules.dep.bin", remedy: "run depmod -a for \(release)"))
    }
    guard let context = LibkmodContext(modulesFolder: root.path(folder)) else {
      return .failure(Withheld(what, why: "libkmod could not be started: \(SystemError.latest)"))
    }
    return question(context).mapError { refusal in
      guard refusal == .notInIndex else { return Withheld(what, why: refusal.why) }
      return Self.absent(name, why: "the index in \(root.path(folder)) does not name it")
    }
  }
}
