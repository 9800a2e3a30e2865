internal import KernelFormats
internal import KernelModel

/// The build id of a loaded module, as its own note section in memory has it.
enum ModuleBuildID {
  /// Bytes that the section has at most: a note's head, a name and an id of 64 bytes.
  private static let mostBytes = 12 + 4 + 64

  /// - Returns: nil if the module has none, or if it cannot be read.
  static func of(_ name: String, in kernel: Kernel) -> BuildID? {
    // A reason would be worthless: the build id is one way to know a module by, and it may have none.
    guard let module = try? kernel.claims.loadedModules.get().first(where: { $0.name == name }),
      let section = module.sections.first(where: { $0.name == ".note.gnu.build-id" }),
      let head = try? kernel.memory.bytes(at: section.address, count: 12), head.count == 12
    else { return nil }
    let count = 12 + Int(head[0]) + Int(head[4])
    guard count <= mostBytes, let bytes = try? kernel.memory.bytes(at: section.address, count: count),
      let notes = try? ElfNote.decodeAll(bytes.span)
    else { return nil }
    return ElfNote.buildID(in: notes)
  }
}
