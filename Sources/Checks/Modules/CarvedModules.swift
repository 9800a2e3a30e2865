internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Records of modules, found by what they look like in the memory where modules lie, whoever lists them.
///
/// A module's own `struct module` lies in its data, at a multiple of 64 bytes (`____cacheline_aligned`, include/linux/
/// module.h, since v4.2). What makes it one is a state, a name, and the page where its code begins; whether that can be
/// executed is for the caller to see.
struct CarvedModules {
  private(set) var records: [UInt64] = []

  private static let alignment: UInt64 = 64
  /// Bytes read at once.
  private static let chunk: UInt64 = 256 << 10
  private static let most = 4096

  /// - Parameter space: where modules may lie.
  init(in space: MemoryRegion, _ kernel: Kernel, _ reader: Snapshot) throws(CannotCheck) {
    guard let shape = Shape(reader, space) else { return }
    let runs = try kernel.mappings.pages(in: space).filter(\.isWritable).map(\.region).runs()
    let memory = kernel.memory.fresh
    for run in runs {
      var start: UInt64 = 0
      while start < run.byteCount {
        // A record may begin in one chunk and end in the next.
        let count = min(Self.chunk + shape.byteCount, run.byteCount - start)
        carve(at: run.start.rawValue &+ start, Int(count), shape, memory)
        start += Self.chunk
      }
    }
    records = Array(Set(records)).sorted()
  }

  private mutating func carve(at start: UInt64, _ count: Int, _ shape: Shape, _ memory: any KernelMemory) {
    let bytes: [UInt8]
    do throws(MemoryFault) {
      bytes = try memory.bytes(at: KernelAddress(start), count: count)
    } catch {
      return  // given back meanwhile
    }
    bytes.withUnsafeBytes { raw in
      var offset = 0
      while offset + Int(shape.byteCount) <= raw.count, records.count < Self.most {
        if shape.fits(raw, at: offset) { records.append(start &+ UInt64(offset)) }
        offset += Int(Self.alignment)
      }
    }
  }

  /// What a record looks like on this kernel.
  private struct Shape {
    let byteCount: UInt64
    private let space: MemoryRegion
    private let state: Int
    private let name: Int
    private let nameByteCount: Int
    private let codeStart: Int
    private let codeByteCount: Int

    init?(_ reader: Snapshot, _ space: MemoryRegion) {
      let types = reader.types
      guard let module = types.structure("module"), let state = module.member("state"), let name = module.member("name")
      else { return nil }
      if let layout = module.member("core_layout.base"), let size = module.member("core_layout.text_size") {
        (codeStart, codeByteCount) = (layout.byteOffset, size.byteOffset)
      } else if let areas = module.member("mem"), let base = types.structure("module_memory")?.member("base"),
        let size = types.structure("module_memory")?.member("size")
      {
        (codeStart, codeByteCount) = (areas.byteOffset + base.byteOffset, areas.byteOffset + size.byteOffset)
      } else {
        return nil
      }
      self.space = space
      self.state = state.byteOffset
      self.name = name.byteOffset
      nameByteCount = name.byteCount
      byteCount = UInt64(module.byteCount)
      let last =
        [
          state.byteOffset + 4, name.byteOffset + name.byteCount, codeStart + 8, codeByteCount + 4,
        ].max() ?? 0
      guard name.byteCount > 1, name.byteCount <= 256, last <= module.byteCount, module.byteCount <= 1 << 16 else {
        return nil
      }
    }

    @inline(__always)
    func fits(_ raw: UnsafeRawBufferPointer, at offset: Int) -> Bool {
      guard let base = raw.baseAddress.map({ $0 + offset }) else { return false }
      let start = base.loadUnaligned(fromByteOffset: codeStart, as: UInt64.self)
      guard start != 0, start & 4095 == 0, space.contains(KernelAddress(start)),
        base.loadUnaligned(fromByteOffset: state, as: UInt32.self) <= 3
      else { return false }
      // Without code nothing of it can run.
      let size = base.loadUnaligned(fromByteOffset: codeByteCount, as: UInt32.self)
      return size > 0 && size <= 1 << 28 && isNamed(base)
    }

    /// Whether there is a name: letters, digits, what else stands in names of files, and a NUL.
    private func isNamed(_ base: UnsafeRawPointer) -> Bool {
      for index in 0..<nameByteCount {
        let byte = base.loadUnaligned(fromByteOffset: name + index, as: UInt8.self)
        if byte == 0 { return index > 0 }
        guard byte > 0x20, byte < 0x7f else { return false }
      }
      return false
    }
  }
}
