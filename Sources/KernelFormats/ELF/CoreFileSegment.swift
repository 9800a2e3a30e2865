package import KernelModel

/// One program header of a core file: a stretch of memory, or the notes.
///
/// Layout: include/uapi/linux/elf.h (`Elf64_Phdr`), Linux v6.12.
package struct CoreFileSegment: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// `PT_LOAD`: memory.
    case load
    /// `PT_NOTE`: notes.
    case note
    case other(UInt32)
  }

  /// The size of an ELF64 program header, in bytes.
  package static let byteCount = 56

  package let kind: Kind
  /// Where its bytes are in the file, in bytes from the file's start.
  package let fileOffset: UInt64
  /// The addresses it holds.
  package let memory: MemoryRegion
  /// How many of its bytes are in the file; never more than it has in memory.
  package let fileByteCount: UInt64
  /// The physical address of its first byte, or nil where the kernel gives none.
  ///
  /// The kernel writes all ones for memory that is not physically contiguous (fs/proc/kcore.c, Linux v6.12).
  package let physicalAddress: PhysicalAddress?
  /// `PF_R` 4, `PF_W` 2, `PF_X` 1.
  package let flags: UInt32

  /// The `count` program headers that `bytes` start with, in the file's order.
  ///
  /// - Parameters:
  ///   - mostProgramHeaders: more of them than this are not believed.
  ///   - mayOverlap: whether several segments may claim the same address; those of a dump, which go by physical
  ///     addresses, may all claim address zero.
  /// - Throws: if `bytes` end early, if a segment runs past the top of the address space or of the file, has more bytes
  ///   in the file than in memory, or if two load segments claim the same address that may not.
  package static func decodeTable(
    _ bytes: Span<UInt8>, count: Int, mostProgramHeaders: Int = CoreFileHeader.mostProgramHeaders,
    mayOverlap: Bool = false
  ) throws(CoreFileError) -> [CoreFileSegment] {
    guard count >= 0, count <= mostProgramHeaders else {
      throw .tooManyProgramHeaders(count, limit: mostProgramHeaders)
    }
    guard bytes.count >= count * byteCount else {
      throw .truncated(
        "the table of \(count) program headers", needed: UInt64(count * byteCount), available: UInt64(bytes.count))
    }
    var segments: [CoreFileSegment] = []
    segments.reserveCapacity(count)
    for number in 0..<count {
      segments.append(try decode(bytes.extracting(number * byteCount..<(number + 1) * byteCount), number: number))
    }
    if !mayOverlap { try refuseOverlaps(segments) }
    return segments
  }

  private static func decode(_ bytes: Span<UInt8>, number: Int) throws(CoreFileError) -> CoreFileSegment {
    guard let type = bytes.integer(UInt32.self, at: 0), let flags = bytes.integer(UInt32.self, at: 4),
      let offset = bytes.integer(UInt64.self, at: 8), let virtual = bytes.integer(UInt64.self, at: 16),
      let physical = bytes.integer(UInt64.self, at: 24), let fileByteCount = bytes.integer(UInt64.self, at: 32),
      let memoryByteCount = bytes.integer(UInt64.self, at: 40)
    else {
      throw .truncated("program header \(number)", needed: UInt64(byteCount), available: UInt64(bytes.count))
    }
    let kind: Kind =
      switch type {
      case 1: .load
      case 4: .note
      default: .other(type)
      }
    if kind == .load || kind == .note {
      guard offset <= UInt64(Int64.max), fileByteCount <= UInt64(Int64.max) - offset else {
        throw .implausibleSegment(
          number, field: offset <= UInt64(Int64.max) ? "p_filesz" : "p_offset",
          value: offset <= UInt64(Int64.max) ? fileByteCount : offset)
      }
    }
    let memory = MemoryRegion(start: KernelAddress(virtual), byteCount: memoryByteCount)
    if kind == .load {
      guard memory.byteCount == memoryByteCount else {
        throw .implausibleSegment(number, field: "p_memsz", value: memoryByteCount)
      }
      guard fileByteCount <= memoryByteCount else {
        throw .implausibleSegment(number, field: "p_filesz", value: fileByteCount)
      }
    }
    return CoreFileSegment(
      kind: kind, fileOffset: offset, memory: memory, fileByteCount: fileByteCount,
      physicalAddress: physical == .max ? nil : PhysicalAddress(physical), flags: flags)
  }

  private static func refuseOverlaps(_ segments: [CoreFileSegment]) throws(CoreFileError) {
    let loads = segments.indices.filter { segments[$0].kind == .load && !segments[$0].memory.isEmpty }
      .sorted { (segments[$0].memory.start, $0) < (segments[$1].memory.start, $1) }
    for (lower, upper) in zip(loads, loads.dropFirst())
    where segments[lower].memory.contains(segments[upper].memory.start) {
      throw .overlappingSegments(lower, upper, at: segments[upper].memory.start)
    }
  }
}
