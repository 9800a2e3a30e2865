package import KernelModel

/// How a kernel's memory, code and messages are taken apart, where its processors decide it.
///
/// Asked of ``Machine`` only: so that all is chosen when the program is built, and nothing in a hot loop.
package protocol DecodingArchitecture: Architecture where Registers: SavedRegisters {
  associatedtype PageTables: KernelPageTables
  associatedtype InstructionShape: InstructionBounds
  associatedtype Disassembler: InstructionDisassembler
  associatedtype FaultCode: PageFaultCode

  /// Where the kernel's own top page table is, and how its tables are read, as it tells crash tools.
  static func pageTableRoot(_ info: VMCoreInfo) throws(Withheld) -> (top: KernelAddress, layout: PageTables.Layout)
  /// Where in physical memory an address of the kernel image is: see ``VMCoreInfo/physicalAddress(ofImage:)``.
  static func physicalAddress(ofImage address: KernelAddress, _ info: VMCoreInfo) -> PhysicalAddress?
  /// Where the processors of an emulator had their page tables, by the notes of its dump, and the source in words.
  static func emulatedRoots(
    in notes: [ElfNote]
  ) -> [(root: PhysicalAddress, layout: PageTables.Layout, source: String)]

  /// Calls `body` with every place in `bytes` where the distance of a far branch may stand, and with where that would lead.
  static func forEachPossibleBranch(
    in bytes: UnsafeRawBufferPointer, at start: UInt64, _ body: (_ distanceOffset: Int, _ target: UInt64) -> Void)

  /// How many bytes a call may have.
  static var callByteCounts: ClosedRange<Int> { get }
  /// The call that ends at `address`: see ``PrecedingCall/init(endingAt:_:isCode:)``.
  static func call(
    endingAt address: KernelAddress, _ bytes: [UInt8], isCode: (KernelAddress) -> Bool
  ) -> PrecedingCall?

  /// Takes a line of the kernel's log into blocks of registers; false if it has none.
  static func takeRegisters(_ line: ArraySlice<UInt8>, into registers: inout [OopsRegisters]) -> Bool
  /// The number of the system call that a program with these registers made; nil if it made none, or nothing is said.
  static func systemCall(of program: OopsRegisters) -> UInt64?
}

/// The general registers as entries into the kernel, and dumps, save them.
package protocol SavedRegisters: Hashable, Sendable {
  /// Bytes of all of them.
  static var byteCount: Int { get }
  /// Returns nil if `bytes` end before.
  init?(_ bytes: Span<UInt8>, at offset: Int)
  /// The stack pointer.
  var sp: UInt64 { get }
  /// Whether they are of a program and not of the kernel.
  var isUserMode: Bool { get }
}

/// The kernel's page tables, as processors read them.
package protocol KernelPageTables: KernelMappings {
  /// What must be known to read them: of how many levels they are, which bits are the address.
  associatedtype Layout: Hashable, Sendable, CustomStringConvertible

  /// - Parameter root: where the top table is.
  init(memory: any PhysicalMemory, root: PhysicalAddress, layout: Layout)
  /// The tables of the kernel's half of the address space, lowest first; of those that can be read.
  func tablePages() -> [PhysicalAddress]
}

/// Where one instruction ends, and where it branches to: what can be told of it quickly.
package protocol InstructionBounds: Hashable, Sendable {
  /// No instruction is longer, in bytes.
  static var mostBytes: Int { get }
  /// Instructions begin at multiples of so many bytes.
  static var alignment: Int { get }
  /// The instruction that `bytes` start with, or nil if they are none, or only the beginning of one.
  init?(_ bytes: UnsafeRawBufferPointer)
  /// Bytes of the whole instruction.
  var length: UInt8 { get }
  /// Whether it is a direct branch that may lead into another function.
  var isFarBranch: Bool { get }
  /// Where a direct branch at `address` goes to, or nil if it is no such branch.
  func branchTarget(in bytes: UnsafeRawBufferPointer, at address: UInt64) -> UInt64?
  /// Whether it is a debugger's or a probe's breakpoint.
  var isBreakpoint: Bool { get }
  /// Whether it calls or jumps to an address that a register or memory holds.
  var isIndirectBranch: Bool { get }
  /// Whether the instruction behind it is not the next: it returns or jumps.
  var endsFlow: Bool { get }
  /// Where in it numbers and addresses lie.
  var operands: [Range<Int>] { get }
  /// The addresses that it may mean.
  func addresses(in bytes: UnsafeRawBufferPointer, at address: UInt64) -> [UInt64]
}

/// Says instructions as people read them, and where they lead.
package protocol InstructionDisassembler: AnyObject {
  /// - Throws: if the library that decodes them cannot be used.
  init() throws(DisassemblerError)
  /// The instructions that `bytes` hold one after another, at most `limit` of them, up to where there is none.
  ///
  /// - Parameter address: where the first of `bytes` lies.
  func decode(_ bytes: Span<UInt8>, at address: KernelAddress, limit: Int) -> [MachineInstruction]
}

/// What processors say of a page fault.
package protocol PageFaultCode {
  init(_ bits: UInt64)
  /// Whether the processor was to run what lies there.
  var isInstructionFetch: Bool { get }
  /// Whether a page was there, and only its permissions were against it.
  var isPermissionFault: Bool { get }
  /// Whether something was to be written, rather than read.
  var isWrite: Bool { get }
  /// Whether the kernel wrote to a page that was there, and was not to be written to.
  var isForbiddenWrite: Bool { get }
}
