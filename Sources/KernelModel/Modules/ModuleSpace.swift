extension MemoryRegion {
  /// Where modules may lie: above the last large page of the kernel's image, which ends at `imageEnd`, and below the fixed
  /// addresses.
  ///
  /// Source: MODULES_VADDR and MODULES_END, arch/x86/include/asm/pgtable_64_types.h (Linux v5.10 to v7.2).
  package static func modules(above imageEnd: KernelAddress) -> MemoryRegion {
    let large: UInt64 = 2 << 20
    let start = imageEnd.advanced(by: large - 1)?.aligned(downTo: large) ?? imageEnd
    return MemoryRegion(from: start, to: KernelAddress(0xffff_ffff_ff00_0000))
  }
}
