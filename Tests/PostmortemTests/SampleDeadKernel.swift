import KernelFormats
import KernelModel
import Postmortem
import TestKernel

/// A dump of a small dead kernel: an image of three kinds of pages, its page tables, and what it tells crash tools.
final class SampleDeadKernel: Dump {
  static let text: UInt64 = 0xffff_ffff_8100_0000
  static let names: UInt64 = 0xffff_ffff_8240_0000
  static let notes: UInt64 = SampleImageKallsyms.address + 0x10_0000
  static let commandLine: UInt64 = names + 0x800
  /// The page behind the highest that is memory.
  static let highestPage: UInt64 = names + 0x900
  /// Where what crash tools are told lies, as the kernel has it, and what says so.
  static let crashNote: UInt64 = 0xffff_ffff_c000_0000
  static let crashNotePlace: UInt64 = names + 0x908
  static let buildID: [UInt8] = (1...20).map { UInt8($0) }
  /// Where the image lies in physical memory, less where it would lie without being moved.
  static let physicalBase: UInt64 = 0x200_0000
  /// Physical address of the top page table.
  static let root: UInt64 = 0x210_0000
  /// Physical address of the page that holds what crash tools are told.
  static let crashPage: UInt64 = 0x5000

  let format = "sample"
  var extents = [PhysicalRegion(start: PhysicalAddress(0x1000), byteCount: 0x600_0000)]
  var notes: [ElfNote] = []
  var vmcoreInfo: [UInt8]?
  var remarks: [String] = []
  var isFiltered = false
  /// What a kernel address names in it is the physical address of that number.
  private let memory = SparseMemory()
  private var tableCount: UInt64 = 1
  /// Bytes by which all of it lies higher in physical memory than the constants say.
  private let raise: UInt64

  init(raisedBy raise: UInt64 = 0) {
    self.raise = raise
    var kallsyms = SampleImageKallsyms(.v6_1)
    kallsyms.symbols += [
      ("__start_notes", "R", Self.notes), ("__stop_notes", "R", Self.notes + 36), ("_stext", "T", Self.text),
      ("init_uts_ns", "D", Self.names), ("saved_command_line", "D", Self.commandLine),
      ("max_pfn", "D", Self.highestPage),
      ("vmcoreinfo_data", "D", Self.crashNotePlace),
    ].sorted { $0.2 < $1.2 }
    kallsyms.symbols.sort { $0.address < $1.address }
    write([0x55, 0xc3], at: Self.text, flags: 0x161)
    write([0xc3], at: Self.text + 4096, flags: 0x161)
    let constants = kallsyms.bytes()
    for start in stride(from: 0, to: constants.count, by: 4096) {
      write(
        Array(constants[start..<min(start + 4096, constants.count)]), at: SampleImageKallsyms.address + UInt64(start),
        flags: 1 << 63 | 0x161)
    }
    let note = little(UInt32(4)) + little(UInt32(20)) + little(UInt32(3)) + Array("GNU\0".utf8) + Self.buildID
    write(note, at: Self.notes, flags: 1 << 63 | 0x161)
    var names = [UInt8](repeating: 0, count: 4)
    for name in ["Linux", "web17", "6.1.0-test", "#1 SMP", "x86_64", "(none)"] {
      names += Array(name.utf8) + [UInt8](repeating: 0, count: 65 - name.utf8.count)
    }
    write(names, at: Self.names, flags: 1 << 63 | 0x163)
    write(
      little(Self.commandLine + 8) + Array("root=/dev/vda quiet\0".utf8), at: Self.commandLine, flags: 1 << 63 | 0x163)
  }

  func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    try DirectlyMappedMemory(memory) { KernelAddress($0.rawValue) }.read(at: address, into: &bytes)
  }

  /// What the kernel tells crash tools; each line can be changed.
  static func crashText(_ changes: [String: String] = [:]) -> [UInt8] {
    let lines = [
      ("OSRELEASE", "6.1.0-test"), ("BUILD-ID", buildID.map { String($0, radix: 16).leftPadded }.joined()),
      ("SYMBOL(init_top_pgt)", hex(0xffff_ffff_8000_0000 + root &- physicalBase)), ("SYMBOL(_stext)", hex(text)),
      ("NUMBER(phys_base)", "\(physicalBase)"), ("KERNELOFFSET", "0"), ("OFFSET(uts_namespace.name)", "4"),
    ]
    return Array(lines.map { "\($0)=\(changes[$0] ?? $1)\n" }.joined().utf8)
  }

  /// Writes at a physical address.
  func write(_ bytes: [UInt8], atPhysical address: UInt64) {
    memory.write(bytes, at: KernelAddress(address))
  }

  /// Takes a virtual page out of the page tables.
  func unmap(_ address: UInt64) {
    memory.write(UInt64(0), at: KernelAddress(entry(of: address)))
  }

  /// Changes the permissions of a page's entry.
  func permit(_ address: UInt64, writing: Bool, running: Bool) throws {
    let place = KernelAddress(entry(of: address))
    let value = try memory.load(UInt64.self, at: place) & ~(1 << 63 | 2)
    memory.write(value | (writing ? 2 : 0) | (running ? 0 : 1 << 63), at: place)
  }

  /// The note that QEMU writes of a processor with these tables.
  static func processorNote(root: UInt64) -> ElfNote {
    var state = [UInt8](repeating: 0, count: 440)
    state[0] = 1
    state.replaceSubrange(416..<424, with: little(root))
    return ElfNote(name: "QEMU", type: 0, descriptor: state)
  }

  /// Writes that memory ends before `top`, and a note for crash tools of which the lowest table lies at `table`.
  func tell(memoryUpTo top: UInt64, noteBehind table: UInt64) {
    let flags: UInt64 = 1 << 63 | 0x163
    write(little(top >> 12) + little(Self.crashNote), at: Self.highestPage, flags: flags)
    write(Self.crashText(), atPhysical: Self.crashPage)
    memory.map(MemoryRegion(start: KernelAddress(table), byteCount: 4096))
    memory.write(Self.crashPage | flags, at: KernelAddress(table + (Self.crashNote >> 12) % 512 * 8))
    memory.write(table | 0x63, at: KernelAddress(tablePlace(of: Self.crashNote, level: 1)))
  }

  private static func hex(_ value: UInt64) -> String { String(value, radix: 16) }

  /// Writes at an address of the image, and maps its page.
  private func write(_ bytes: [UInt8], at address: UInt64, flags: UInt64) {
    let physical = address - 0xffff_ffff_8000_0000 + Self.physicalBase + raise
    memory.write(bytes, at: KernelAddress(physical))
    memory.write(physical & ~4095 | flags, at: KernelAddress(entry(of: address)))
  }

  /// Where the lowest entry of an address is; makes the tables above it.
  private func entry(of address: UInt64) -> UInt64 { tablePlace(of: address, level: 0) }

  /// Where an address's entry in a table of this level is, 0 the lowest; makes the tables above it.
  private func tablePlace(of address: UInt64, level lowest: Int) -> UInt64 {
    var table = Self.root + raise
    for level in (lowest + 1...3).reversed() {
      let place = table + (address >> UInt64(12 + 9 * level)) % 512 * 8
      memory.map(MemoryRegion(start: KernelAddress(table), byteCount: 4096))
      var next = (try? memory.load(UInt64.self, at: KernelAddress(place))) ?? 0
      if next == 0 {
        next = Self.root + raise + tableCount * 4096 | 0x63
        tableCount += 1
        memory.write(next, at: KernelAddress(place))
      }
      table = next & ~4095
    }
    memory.map(MemoryRegion(start: KernelAddress(table), byteCount: 4096))
    return table + (address >> UInt64(12 + 9 * lowest)) % 512 * 8
  }
}

extension String {
  /// Two digits.
  fileprivate var leftPadded: String { count < 2 ? "0" + self : self }
}
