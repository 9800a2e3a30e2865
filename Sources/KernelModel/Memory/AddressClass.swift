/// What a number that stands where an address belongs can be, by the map of the address space alone.
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
  /// The kernel's image.
  case image
  /// Where modules are loaded, and what is compiled at run time.
  case modules
  /// The one or the other: that depends on where this kernel's modules begin.
  case imageOrModules
  /// The fixed addresses above the modules.
  case fixed
  /// A small negative number, as functions return errors (MAX_ERRNO, include/linux/err.h).
  case errorCode

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
