import KernelModel

/// Keeps the tables of pointers in a kernel while it passes: long runs of words that point into the kernel's image.
///
/// So the system call tables can be had before anybody knows where they are. Debian's kernels from 5.10 to 7.2 have five
/// to seven such runs before the build id, 10 to 79 KiB altogether.
struct PointerTableCollector {
  /// Where the kernel is linked, and how far its image may reach and move: pointers into it move with it.
  ///
  /// Source: arch/x86/include/asm/page_64_types.h, __START_KERNEL_map and KERNEL_IMAGE_SIZE (Linux 7.2).
  static let imageSpace = MemoryRegion(start: KernelAddress(0xffff_ffff_8000_0000), byteCount: 1 << 30)
  /// Fewer pointers in a row are no table.
  private static let fewestPointers = 128
  /// The most that is kept, in pointers; what comes later is left out.
  private static let mostPointers = 128 << 10

  /// A run of pointers.
  struct Run {
    let fileOffset: UInt64
    let pointers: [UInt64]
  }

  private(set) var runs: [Run] = []
  private var kept = 0
  private var run: [UInt64] = []
  /// The file offset of the next word.
  private var position: UInt64 = 0
  /// The bytes of a word whose rest has not passed yet, and how many these are.
  private var begun: UInt64 = 0
  private var begunByteCount: UInt64 = 0

  /// Takes the next bytes of the kernel.
  mutating func scan(_ bytes: Span<UInt8>) {
    var index = 0
    while begunByteCount > 0, index < bytes.count {
      begin(bytes[index])
      index += 1
    }
    bytes.withUnsafeBytes { raw in
      while index <= raw.count - 8 {
        take(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
        index += 8
      }
    }
    while index < bytes.count {
      begin(bytes[index])
      index += 1
    }
  }

  private mutating func begin(_ byte: UInt8) {
    begun |= UInt64(byte) << (begunByteCount * 8)
    begunByteCount += 1
    guard begunByteCount == 8 else { return }
    take(begun)
    begun = 0
    begunByteCount = 0
  }

  private mutating func take(_ word: UInt64) {
    if word &- Self.imageSpace.start.rawValue < Self.imageSpace.byteCount {
      run.append(word)
      if run.count == Self.mostPointers { endRun(before: position + 8) }
    } else if !run.isEmpty {
      endRun(before: position)
    }
    position += 8
  }

  /// Ends the run of pointers whose last one lies just before `end`.
  private mutating func endRun(before end: UInt64) {
    if run.count >= Self.fewestPointers, run.count <= Self.mostPointers - kept {
      runs.append(Run(fileOffset: end - UInt64(run.count * 8), pointers: run))
      kept += run.count
    }
    run.removeAll(keepingCapacity: true)
  }
}
