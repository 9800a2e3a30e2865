import KernelModel

/// The control registers of a processor that QEMU emulated, as its note says.
///
/// Source: `QEMUCPUState`, target/i386/arch_dump.c of QEMU (v7.2): a note named `QEMU` of type 0, which holds version 1,
/// its size, 18 general registers, 10 segments of 24 bytes, CR0 to CR4 and the kernel's GS base.
package struct EmulatedProcessor: Hashable, Sendable {
  /// Physical address of the top page table, and flags in its lowest 12 bits.
  package let cr3: UInt64
  package let cr4: UInt64

  private static let controlOffset = 8 + 18 * 8 + 10 * 24

  /// CR4.LA57, bit 12: page tables of five levels.
  ///
  /// Source: Intel SDM volume 3A, section 2.5.
  package var levels: Int { cr4 & 1 << 12 == 0 ? 4 : 5 }

  /// The processors that the notes tell of, in their order.
  package static func all(in notes: [ElfNote]) -> [EmulatedProcessor] {
    notes.filter { $0.name == "QEMU" && $0.type == 0 }.compactMap { note in
      let bytes = note.descriptor.span
      guard bytes.integer(UInt32.self, at: 0) == 1, let cr3 = bytes.integer(UInt64.self, at: controlOffset + 3 * 8),
        let cr4 = bytes.integer(UInt64.self, at: controlOffset + 4 * 8)
      else { return nil }
      return EmulatedProcessor(cr3: cr3, cr4: cr4)
    }
  }
}
