package import KernelModel

extension X86_64 {
  /// Where the processors that QEMU emulated had their page tables, by its notes: the tables of the tasks that ran, whose upper
  /// half is the kernel's.
  ///
  /// Source: `QEMUCPUState`, target/i386/arch_dump.c of QEMU (v7.2): a note named `QEMU` of type 0, which holds version 1,
  /// its size, 18 general registers, 10 segments of 24 bytes, CR0 to CR4 and the kernel's GS base.
  package static func emulatedRoots(
    in notes: [ElfNote]
  ) -> [(root: PhysicalAddress, layout: PageTableLayout, source: String)] {
    let controlOffset = 8 + 18 * 8 + 10 * 24
    let processors = notes.filter { $0.name == "QEMU" && $0.type == 0 }.compactMap {
      note -> (cr3: UInt64, cr4: UInt64)? in
      let bytes = note.descriptor.span
      guard bytes.integer(UInt32.self, at: 0) == 1, let cr3 = bytes.integer(UInt64.self, at: controlOffset + 3 * 8),
        let cr4 = bytes.integer(UInt64.self, at: controlOffset + 4 * 8)
      else { return nil }
      return (cr3, cr4)
    }
    return processors.enumerated().map { number, registers in
      (
        // With page table isolation bit 12 tells a task's own tables from the kernel's: arch/x86/entry/calling.h,
        // `PTI_USER_PGTABLE_BIT` (v6.12). The lowest 12 bits are flags.
        root: PhysicalAddress(registers.cr3 & 0x000f_ffff_ffff_e000),
        // CR4.LA57, bit 12: page tables of five levels. Source: Intel SDM volume 3A, section 2.5.
        layout: PageTableLayout(levels: registers.cr4 & 1 << 12 == 0 ? 4 : 5),
        source: "CR3 of processor \(number)"
      )
    }
  }
}
