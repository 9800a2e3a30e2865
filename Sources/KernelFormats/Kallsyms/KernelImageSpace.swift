package import KernelModel

/// Where x86-64 maps the kernel image.
///
/// Source: arch/x86/include/asm/page_64_types.h, arch/x86/Kconfig, Documentation/arch/x86/x86_64/mm.rst (Linux v6.12).
package enum KernelImageSpace {
  /// `__START_KERNEL_map`: from here on.
  package static let start: UInt64 = 0xffff_ffff_8000_0000
  /// `KERNEL_IMAGE_SIZE` with KASLR: where modules begin.
  package static let region = MemoryRegion(start: KernelAddress(start), byteCount: 1 << 30)
  /// Where kernels are linked to start: `__START_KERNEL_map` plus CONFIG_PHYSICAL_START, 16 MiB unless someone configured
  /// otherwise.
  package static let linkedText: UInt64 = 0xffff_ffff_8100_0000
}

extension VMCoreInfo {
  /// Where in physical memory an address of the kernel image is by `phys_base`; nil if that is not told, or the address lies
  /// below the image.
  ///
  /// Source: `__phys_addr_symbol`, arch/x86/mm/physaddr.c (v6.12).
  package func physicalAddress(ofImage address: KernelAddress) -> PhysicalAddress? {
    guard let base = number("phys_base"), address.rawValue >= KernelImageSpace.start else { return nil }
    return PhysicalAddress((address.rawValue - KernelImageSpace.start) &+ UInt64(bitPattern: base))
  }
}
