import Foundation

/// How a kernel's virtual addresses lie in physical memory, as the program headers of its `/proc/kcore` say.
///
/// Linux has stated the physical address there for ordinary memory and for the kernel's image since v4.8
/// (fs/proc/kcore.c, `p_paddr`); for the areas of vmalloc and of modules it says -1, and those cannot be translated
/// with this.
package struct AddressMap: Sendable {
  /// A stretch that is contiguous in both.
  package struct Segment: Sendable {
    package let virtual: UInt64
    package let physical: UInt64
    package let size: UInt64
    /// Where it lies in `/proc/kcore`.
    package let fileOffset: UInt64
  }

  /// The segments that have physical addresses.
  package let segments: [Segment]
  /// Of the page tables: 5 if the note VMCOREINFO says so, else 4 (arch/x86/kernel/machine_kexec_64.c,
  /// arch_crash_save_vmcoreinfo(), v5.10; arch/x86/kernel/vmcore_info_64.c, v6.12).
  package let levels: Int

  /// Reads the ELF header, the program headers and the notes, with which the file begins.
  package init(elfCoreHead bytes: [UInt8]) throws(LabError) {
    func load(_ offset: Int, _ size: Int) throws(LabError) -> UInt64 {
      guard offset >= 0, offset + size <= bytes.count else {
        throw LabError("/proc/kcore's headers are longer than the \(bytes.count) bytes read")
      }
      return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard try load(0, 4) == 0x464c_457f, try load(4, 1) == 2 else {
      throw LabError("/proc/kcore is no 64-bit ELF file")
    }
    let table = Int(truncatingIfNeeded: try load(32, 8))
    let (size, count) = (Int(try load(54, 2)), Int(try load(56, 2)))
    var segments: [Segment] = []
    for header in stride(from: table, to: table + size * count, by: max(size, 1)) where try load(header, 4) == 1 {
      let physical = try load(header + 24, 8)
      guard physical != .max else { continue }
      segments.append(
        Segment(
          virtual: try load(header + 16, 8), physical: physical, size: try load(header + 32, 8),
          fileOffset: try load(header + 8, 8)))
    }
    guard !segments.isEmpty else { throw LabError("/proc/kcore states no physical address") }
    self.segments = segments
    levels = Data(bytes).range(of: Data("NUMBER(pgtable_l5_enabled)=1\n".utf8)) == nil ? 4 : 5
  }

  /// Whether a virtual address can be translated.
  package func contains(_ virtual: UInt64) -> Bool { segment(of: virtual) != nil }

  /// The physical address behind a virtual one.
  package func physical(of virtual: UInt64) throws(LabError) -> UInt64 {
    guard let segment = segment(of: virtual) else {
      throw LabError("\(hex(virtual)) is not in any segment of /proc/kcore")
    }
    return segment.physical + (virtual - segment.virtual)
  }

  /// Where a virtual address lies in `/proc/kcore`.
  package func fileOffset(of virtual: UInt64) throws(LabError) -> UInt64 {
    guard let segment = segment(of: virtual) else {
      throw LabError("\(hex(virtual)) is not in any segment of /proc/kcore")
    }
    return segment.fileOffset + (virtual - segment.virtual)
  }

  /// The address at which the kernel sees a physical address among all of its memory (the direct map), not in its
  /// image.
  package func directMap(of physical: UInt64) throws(LabError) -> UInt64 {
    // The image is mapped in the highest 2 GiB (Documentation/arch/x86/x86_64/mm.rst).
    for segment in segments where segment.virtual < 0xffff_ffff_8000_0000 {
      if physical >= segment.physical, physical - segment.physical < segment.size {
        return segment.virtual + (physical - segment.physical)
      }
    }
    throw LabError("physical \(hex(physical)) is not in the direct map")
  }

  private func segment(of virtual: UInt64) -> Segment? {
    segments.first { virtual >= $0.virtual && virtual - $0.virtual < $0.size }
  }
}
