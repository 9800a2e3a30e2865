import KernelFormats
import KernelModel

/// The program headers of a decompressed kernel: which addresses it was linked for, and where in the file they lie.
///
/// The section headers, at the far end, are not needed. Source: include/uapi/linux/elf.h;
/// arch/x86/kernel/vmlinux.lds.S, PHDRS; arch/x86/boot/compressed/misc.c, parse_elf() (Linux 7.2).
struct Executable {
  private let segments: [CoreFileSegment]

  private static let headerByteCount = 64
  /// A kernel has four or five.
  private static let mostProgramHeaders = 64
  private static let mostNotes: UInt64 = 64 << 10

  /// Decodes the headers from a file's first bytes; nil if more of these are needed.
  init?(head: Span<UInt8>) throws(BootImageError) {
    for (index, byte) in [0x7f, 0x45, 0x4c, 0x46].enumerated() where index < head.count {
      guard head[index] == byte else { throw .notAKernel("its first bytes are not those of an ELF file") }
    }
    guard head.count >= Self.headerByteCount else { return nil }
    guard head[4] == 2, head[5] == 1 else { throw .notAKernel("it is not a 64-bit little-endian ELF file") }
    let type = head.integer(UInt16.self, at: 16) ?? 0
    let machine = head.integer(UInt16.self, at: 18) ?? 0
    guard type == 2, machine == 62 else {
      throw .notAKernel("its ELF type is \(type) and its machine \(machine), not 2 (executable) and 62 (x86-64)")
    }
    let tableOffset = head.integer(UInt64.self, at: 32) ?? 0
    let entryByteCount = Int(head.integer(UInt16.self, at: 54) ?? 0)
    let count = Int(head.integer(UInt16.self, at: 56) ?? 0)
    guard entryByteCount == CoreFileSegment.byteCount, 1...Self.mostProgramHeaders ~= count else {
      throw .notAKernel("it has \(count) program headers of \(entryByteCount) bytes")
    }
    let tableByteCount = count * CoreFileSegment.byteCount
    guard tableOffset <= KernelImageReader.headLimit - tableByteCount else {
      throw .notAKernel("its program headers lie at byte \(tableOffset), far from its start")
    }
    let table = Int(tableOffset)..<Int(tableOffset) + tableByteCount
    guard head.count >= table.upperBound else { return nil }
    do {
      segments = try CoreFileSegment.decodeTable(head.extracting(table), count: count)
    } catch {
      throw .notAKernel(error.description)
    }
    for (number, segment) in segments.enumerated() where segment.kind == .load || segment.kind == .note {
      let (end, overflow) = segment.fileOffset.addingReportingOverflow(segment.fileByteCount)
      guard !overflow, end <= KernelImageReader.imageLimit else {
        throw .tooLarge(
          "the file that its program header \(number) speaks of", byteCount: overflow ? .max : end,
          limit: KernelImageReader.imageLimit)
      }
      guard segment.kind == .load || segment.fileByteCount <= Self.mostNotes else {
        throw .tooLarge("its notes", byteCount: segment.fileByteCount, limit: Self.mostNotes)
      }
    }
  }

  /// Where in the file the notes lie.
  var notes: [Range<UInt64>] {
    segments.filter { $0.kind == .note }.map { $0.fileOffset..<$0.fileOffset + $0.fileByteCount }
  }

  /// Where in the file the bytes of `region`, link-time addresses, lie; nil if no segment's part in the file has them all.
  func fileRange(of region: MemoryRegion) -> Range<UInt64>? {
    for segment in segments where segment.kind == .load {
      let inFile = MemoryRegion(start: segment.memory.start, byteCount: segment.fileByteCount)
      guard inFile.contains(region), let offset = region.start.offset(from: inFile.start) else { continue }
      let start = segment.fileOffset + offset
      return start..<start + region.byteCount
    }
    return nil
  }

  /// The link-time address of a run of pointers; nil if no segment's part in the file has all of it.
  func address(ofRun run: PointerTableCollector.Run) -> KernelAddress? {
    let byteCount = UInt64(run.pointers.count * 8)
    for segment in segments where segment.kind == .load && run.fileOffset >= segment.fileOffset {
      let offset = run.fileOffset - segment.fileOffset
      if offset < segment.fileByteCount, byteCount <= segment.fileByteCount - offset {
        return segment.memory.start.advanced(by: offset)
      }
    }
    return nil
  }
}
