extension X86_64 {
  /// What a number that stands where an address belongs can be.
  ///
  /// Holds with four and five levels of page tables, and whatever KASLR did: it moves the map of all memory, the vmalloc area and
  /// the array of pages within one stretch, and the image within its own.
  ///
  /// Source: Documentation/arch/x86/x86_64/mm.rst (Documentation/x86/x86_64/mm.rst before v6.5; Linux v5.10 to v7.2), and
  /// Documentation/x86/x86_64/mm.txt of Linux v2.6.32 to v4.9, whose areas lie in the same stretches.
  ///
  /// - Parameter modulesStart: where modules begin, if that is known: `MODULES_VADDR`, right behind the image's area.
  package static func addressClass(of address: KernelAddress, modulesStart: KernelAddress?) -> AddressClass {
    switch address.rawValue {
    case 0..<0x1_0000: .small
    case ..<0x0000_8000_0000_0000: .user
    case ..<kernelHalf.rawValue: .nonCanonical
    case ..<processorEntryAreas.rawValue: .memory
    case ..<imageSpace.start.rawValue: .entry
    case ..<modulesWithoutKASLR.rawValue: .image
    case ..<modulesWithKASLR.rawValue: modulesStart.map { address < $0 ? .image : .modules } ?? .imageOrModules
    case ..<modulesEnd.rawValue: .modules
    case ..<0xffff_ffff_ffff_f001: .fixed
    default: .errorCode
    }
  }

  /// Where modules begin in a kernel that has a module's code at one address, or its image at another; nil if neither tells.
  ///
  /// No image has 256 MiB: what lies further from a function of the kernel's own is not in it.
  package static func modulesStart(module: KernelAddress?, image: KernelAddress?) -> KernelAddress? {
    if let module, (modulesWithoutKASLR..<modulesWithKASLR).contains(module) { return modulesWithoutKASLR }
    guard let image, !image.isBelowImage else { return nil }
    return image.rawValue < modulesWithoutKASLR.rawValue - (256 << 20) ? modulesWithoutKASLR : modulesWithKASLR
  }
}
