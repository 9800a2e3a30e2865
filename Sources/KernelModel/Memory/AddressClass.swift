/// What a number that stands where an address belongs can be on x86-64, by the map of the address space alone.
///
/// Holds with four and five levels of page tables, and whatever KASLR did: it moves the map of all memory, the vmalloc area and the
/// array of pages within one stretch, and the image within its own.
///
/// Source: Documentation/arch/x86/x86_64/mm.rst (Documentation/x86/x86_64/mm.rst before v6.5; Linux v5.10 to v7.2), and
/// Documentation/x86/x86_64/mm.txt of Linux v2.6.32 to v4.9, whose areas lie in the same stretches.
package enum AddressClass: Hashable, Sendable {
  /// NULL, or a member of what NULL points to, or another small number: no program may map it (DEFAULT_MMAP_MIN_ADDR, mm/Kconfig).
  case small
  /// A program's half.
  case user
  /// No address at all: the processor refuses it.
  case nonCanonical
  /// What the kernel hands out: the map of all memory, the vmalloc area, the array of pages. Stacks and the heap lie there, and no code.
  case memory
  /// What processors enter through, their small stacks, and the firmware's code and data.
  case entry
  /// The kernel's image: 512 MiB, or 1 GiB where KASLR moves it (KERNEL_IMAGE_SIZE, arch/x86/include/asm/page_64_types.h).
  case image
  /// Where modules are loaded, and what is compiled at run time.
  case modules
  /// The image's where KASLR moves it, else the modules'.
  case imageOrModules
  /// The fixed addresses above the modules.
  case fixed
  /// A small negative number, as functions return errors (MAX_ERRNO, include/linux/err.h).
  case errorCode

  /// - Parameter modulesStart: where modules begin, if that is known: `MODULES_VADDR`, right behind the image's area.
  package init(_ address: KernelAddress, modulesStart: UInt64? = nil) {
    self =
      switch address.rawValue {
      case 0..<0x1_0000: .small
      case ..<0x0000_8000_0000_0000: .user
      case ..<X86_64.kernelHalf.rawValue: .nonCanonical
      case ..<X86_64.processorEntryAreas.rawValue: .memory
      case ..<X86_64.imageSpace.start.rawValue: .entry
      case ..<X86_64.modulesWithoutKASLR.rawValue: .image
      case ..<X86_64.modulesWithKASLR.rawValue:
        modulesStart.map { address.rawValue < $0 ? .image : .modules } ?? .imageOrModules
      case ..<X86_64.modulesEnd.rawValue: .modules
      case ..<0xffff_ffff_ffff_f001: .fixed
      default: .errorCode
      }
  }

  /// What it is, for a person.
  package var words: String {
    switch self {
    case .small: "near address 0"
    case .user: "in a program's half of the address space"
    case .nonCanonical: "no address that can be"
    case .memory: "in memory that the kernel hands out for data"
    case .entry: "where processors enter, or firmware lies"
    case .image: "in the kernel's image"
    case .modules: "where modules lie"
    case .imageOrModules: "where modules lie, or the kernel's image"
    case .fixed: "among the fixed addresses"
    case .errorCode: "a small negative number"
    }
  }
}
