internal import KernelModel

/// Modules whose records were found although some place that should know them does not.
enum HiddenModules {
  /// The one in whose code `region` wholly lies; nil if there is none, or if it has no name.
  static func name(holding region: MemoryRegion, in kernel: Kernel) -> String? {
    // What is wrong with modules, and why they cannot be told, is for module-list to say.
    guard let matrix = try? kernel.moduleMatrix else { return nil }
    let row = matrix.rows.first { row in
      guard !row.isSound, row.structure != nil, let code = row.code else { return false }
      return MemoryRegion(start: code.start, byteCount: Machine.pageEnd(code.byteCount)).contains(region)
    }
    return row.flatMap { $0.name.isEmpty ? nil : $0.name }
  }

  /// The one in whose code `address` lies, if nobody owns that.
  static func name(at address: KernelAddress, owner: Owner, in kernel: Kernel) -> String? {
    guard case .nobody = owner else { return nil }
    return name(holding: MemoryRegion(start: address, byteCount: 1), in: kernel)
  }
}
