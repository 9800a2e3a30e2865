/// x86-64, the 64-bit processors of Intel and AMD.
///
/// Where memory lies: Documentation/arch/x86/x86_64/mm.rst (Documentation/x86/x86_64/mm.rst before v6.5; Linux v5.10 to v7.2). It
/// holds with four and five levels of page tables; of what differs the larger is taken.
package enum X86_64: Architecture {
  package static var machine: String { "x86_64" }
  /// EM_X86_64, include/uapi/linux/elf-em.h.
  package static var elfMachine: UInt16 { 62 }
  /// arch/x86/include/asm/page_types.h.
  package static var pageShift: UInt64 { 12 }
  /// 52 bits: Intel SDM volume 3A, section 4.1.4.
  package static var physicalLimit: PhysicalAddress { PhysicalAddress(1 << 52) }
  /// The half of five levels of page tables (bit 56); that of four (bit 47) lies in it.
  package static var kernelHalf: KernelAddress { KernelAddress(0xff00_0000_0000_0000) }
  /// From `__START_KERNEL_map` on, KERNEL_IMAGE_SIZE with KASLR: arch/x86/include/asm/page_64_types.h.
  package static var imageSpace: MemoryRegion {
    MemoryRegion(start: KernelAddress(0xffff_ffff_8000_0000), byteCount: 1 << 30)
  }
  /// `__START_KERNEL_map` plus CONFIG_PHYSICAL_START, 16 MiB: arch/x86/Kconfig.
  package static var linkedStart: KernelAddress { KernelAddress(0xffff_ffff_8100_0000) }
  /// MODULES_VADDR without KASLR and MODULES_END: arch/x86/include/asm/pgtable_64_types.h.
  package static var moduleSpace: MemoryRegion {
    MemoryRegion(from: modulesWithoutKASLR, to: modulesEnd)
  }
  /// MODULES_VADDR where the image is not moved, and where it is: behind the 512 MiB, or the 1 GiB, that the image may have.
  package static var modulesWithoutKASLR: KernelAddress { KernelAddress(0xffff_ffff_a000_0000) }
  package static var modulesWithKASLR: KernelAddress { KernelAddress(0xffff_ffff_c000_0000) }
  /// MODULES_END, and the fixmap's lowest address.
  package static var modulesEnd: KernelAddress { KernelAddress(0xffff_ffff_ff00_0000) }
  /// CPU_ENTRY_AREA_BASE, half a TiB for all processors: arch/x86/include/asm/pgtable_64_types.h.
  ///
  /// It begins with the gates, which are mapped here a second time, for reading: CPU_ENTRY_AREA_RO_IDT,
  /// arch/x86/include/asm/cpu_entry_area.h.
  package static var processorEntryAreas: KernelAddress { KernelAddress(0xffff_fe00_0000_0000) }

  /// Above the last large page of the image, and below the fixed addresses.
  package static func moduleSpace(above imageEnd: KernelAddress) -> MemoryRegion {
    let large: UInt64 = 2 << 20
    let start = imageEnd.advanced(by: large - 1)?.aligned(downTo: large) ?? imageEnd
    return MemoryRegion(from: start, to: modulesEnd)
  }

  /// The processors' entry areas, and the fixmap above modules.
  package static var fixedRegions: [MemoryRegion] {
    [
      MemoryRegion(start: processorEntryAreas, byteCount: 1 << 39),
      MemoryRegion(from: modulesEnd, to: KernelAddress(0xffff_ffff_ffff_f000)),
    ]
  }
}
