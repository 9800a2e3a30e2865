internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The build id of a loaded module, as its own note section in memory has it.
enum ModuleBuildID {
  /// Bytes that the section has at most: a note's head, a name and an id of 64 bytes.
  private static let mostBytes = 12 + 4 + 64
  /// How a note of a build id of 20 bytes begins: the lengths of name and id, `NT_GNU_BUILD_ID`, and the name.
  private static let beginning: [UInt8] = [4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0]
  /// Bytes of a module's constants that are searched, at most.
  private static let mostSearched = 8 << 20

  /// - Returns: nil if the module has none, or if it cannot be read.
  static func of(_ name: String, in kernel: Kernel) -> BuildID? {
    // A reason would be worthless: the build id is one way to know a module by, and it may have none.
    guard let module = try? kernel.claims.loadedModules.get().first(where: { $0.name == name }) else { return nil }
    guard let section = module.sections.first(where: { $0.name == ".note.gnu.build-id" }) else {
      return kernel.isRunning ? nil : search(name, in: kernel)
    }
    return note(at: section.address, in: kernel)
  }

  private static func note(at address: KernelAddress, in kernel: Kernel) -> BuildID? {
    guard let head = try? kernel.memory.bytes(at: address, count: 12), head.count == 12 else { return nil }
    let count = 12 + Int(head[0]) + Int(head[4])
    guard count <= mostBytes, let bytes = try? kernel.memory.bytes(at: address, count: count),
      let notes = try? ElfNote.decodeAll(bytes.span)
    else { return nil }
    return ElfNote.buildID(in: notes)
  }

  /// The first note of its kind among the module's constants: sysfs, which says where it is, cannot be asked.
  static func search(_ name: String, in kernel: Kernel) -> BuildID? {
    guard let reader = try? kernel.provenStructures.reader,
      let module = try? LiveModules(reader).modules.first(where: { $0.name == name }),
      let range = module.memory[.rodata] ?? module.code, range.count <= mostSearched,
      let bytes = try? kernel.memory.bytes(at: KernelAddress(range.lowerBound), count: range.count)
    else { return nil }
    let starts = stride(from: 0, to: max(bytes.count - beginning.count, 0), by: 4)
    guard let start = starts.first(where: { bytes[$0] == 4 && bytes[$0...].starts(with: beginning) }) else {
      return nil
    }
    return note(at: KernelAddress(range.lowerBound + UInt64(start)), in: kernel)
  }
}
