internal import KernelModel
internal import Report
internal import Vendor

/// A stored kernel in words.
enum StoreText {
  static func line(_ kernel: StoredKernel) -> PlainText {
    let package = kernel.packages.first.map { "\($0.name) \($0.version)" } ?? "no package"
    return
      "\(kernel.buildID.description)  \(kernel.release), \(package), \(images(kernel)), \(String(kernel.moduleCount)) modules"
  }

  private static func images(_ kernel: StoredKernel) -> String {
    kernel.images.count == 1 ? "1 image" : "\(kernel.images.count) images"
  }

  static func all(_ kernel: StoredKernel, withModules: Bool) -> String {
    var lines: [PlainText] = [
      "build id  \(kernel.buildID.description)", "release   \(kernel.release)",
    ]
    for (place, package) in kernel.packages.enumerated() {
      lines.append("package   \(package.name) \(package.version) \(package.architecture), by \(package.maker)")
      lines.append("          \(package.file), \(String(package.byteCount)) bytes, sha256 \(package.digest)")
      let signatures = kernel.signatures[place] ?? []
      if signatures.isEmpty { lines.append("  signed  by nobody that is known") }
      for signature in signatures {
        lines.append("  signed  \(SignatureText.words(signature))")
        if let index = signature.index { lines.append("          list \(index.name), sha256 \(index.digest)") }
      }
    }
    for file in kernel.images {
      lines.append("image     \(file.path), \(String(file.byteCount)) bytes, sha256 \(file.digest)")
    }
    for file in kernel.maps { lines.append("symbols   \(file.path), sha256 \(file.digest)") }
    lines.append("modules   \(String(kernel.moduleCount))")
    if withModules {
      for (name, file) in kernel.modules().sorted(by: { $0.key < $1.key }) {
        guard case .module(let module) = file.kind else { continue }
        lines.append(
          "  \(name), build id \(module.buildID?.description ?? "none"), srcversion \(module.sourceVersion ?? "none"), \(file.path)"
        )
      }
    }
    return text(lines)
  }

  static func text(_ lines: [PlainText]) -> String { lines.map { "\($0)\n" }.joined() }
}
