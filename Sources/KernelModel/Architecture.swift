/// What of a kernel is decided by the processors that it is built for: names, sizes, and where in the address space things lie.
///
/// Asked as a type, never as a value, so that it costs nothing where it is asked often. What takes code, registers, page tables and
/// entry points apart stands in the rooms named after the architecture, one in each module.
package protocol Architecture {
  /// The general registers of a processor.
  associatedtype Registers: Hashable, Sendable
  /// Where a processor says that it enters the kernel.
  associatedtype EntryPoints: Hashable, Sendable
  /// The interfaces through which programs make system calls.
  associatedtype SystemCallInterface: ProgramInterface

  /// As `uname -m` says.
  static var machine: String { get }
  /// `e_machine` of its ELF files.
  static var elfMachine: UInt16 { get }
  /// The size of the smallest page as a power of two: PAGE_SHIFT.
  static var pageShift: UInt64 { get }
  /// One more than the largest physical address.
  static var physicalLimit: PhysicalAddress { get }
  /// The lowest address of the kernel's half of the address space, in which it has all that is its own.
  static var kernelHalf: KernelAddress { get }
  /// Where the kernel's image may lie; the map of all memory and what is allocated for data lie below it.
  static var imageSpace: MemoryRegion { get }
  /// Where kernels are linked to begin, unless someone configured them otherwise.
  static var linkedStart: KernelAddress { get }
  /// Where modules may lie, if nothing is known of the image.
  static var moduleSpace: MemoryRegion { get }
  /// Where modules may lie beside an image that ends at `imageEnd`.
  static func moduleSpace(above imageEnd: KernelAddress) -> MemoryRegion
  /// Where single pages and processors' entry areas are mapped at addresses that are the same in each kernel.
  static var fixedRegions: [MemoryRegion] { get }
  /// What a number that stands where an address belongs can be; `modulesStart` is where modules begin, if that is known.
  static func addressClass(of address: KernelAddress, modulesStart: KernelAddress?) -> AddressClass
  /// Where modules begin in a kernel that has a module's code at one address, or its image at another; nil if neither tells.
  static func modulesStart(module: KernelAddress?, image: KernelAddress?) -> KernelAddress?
}

/// The interfaces through which programs make system calls, by the names that user space gives them.
package protocol ProgramInterface: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
  /// The one that every kernel has.
  static var native: Self { get }
  /// All of them in words, with their names.
  static var choices: String { get }
  /// Whose system calls they are.
  var callers: String { get }
}

/// The architecture whose kernels are examined: the one place where it is chosen.
package typealias Machine = X86_64

extension Machine {
  /// The size of the smallest page, in bytes.
  package static var pageSize: UInt64 { 1 << pageShift }
  /// The first address of the page that `address` lies in.
  package static func pageStart(_ address: UInt64) -> UInt64 { address & ~(pageSize - 1) }
  /// The first address of a page that is not below `address`.
  package static func pageEnd(_ address: UInt64) -> UInt64 { pageStart(address &+ (pageSize - 1)) }
  /// How far an address lies behind the first one of its page, in bytes.
  package static func offsetInPage(_ address: UInt64) -> UInt64 { address & (pageSize - 1) }
}

extension Kernel {
  /// Refuses a kernel for other processors: neither its code nor its structures could be taken apart.
  package func requireKnownMachine() throws(CannotCheck) {
    guard identity.machine == Machine.machine else {
      throw .notApplicable("this kernel runs on \(identity.machine); only \(Machine.machine) kernels are known")
    }
  }
}
