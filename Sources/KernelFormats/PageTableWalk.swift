internal import KernelModel

/// One walk over the page tables of the kernel's half of the address space, for the pages that may be executed.
///
/// Page tables are the suspect's: they may name each other in circles, or one table a hundred million times (the kernel
/// itself maps its espfix stacks many times over: arch/x86/kernel/espfix_64.c, Linux v6.12). So a table in which
/// nothing is executable is remembered and not walked twice, and what is found is bounded.
struct PageTableWalk {
  /// An entry, as far as a walk needs it.
  enum Entry {
    case absent
    case table(UInt64)
    case page(physicalAddress: UInt64)
    /// It sets bits that must be clear.
    case nonsense
  }

  /// A table at one level.
  private struct Table: Hashable {
    var physical: UInt64
    var level: Int
  }

  /// Pages reported at most: with 4 KiB each, 1 GiB of code.
  private static let mostPages = 1 << 18
  /// Tables read at most: those of 512 GiB mapped in pages of 4 KiB.
  private static let mostTables = 1 << 18

  private let levels: Int
  private let read: (_ physical: UInt64, _ level: Int) throws(CannotCheck) -> [UInt64]
  private let decode: (_ entry: UInt64, _ level: Int) -> Entry
  private var pages: [Page] = []
  private var tablesRead = 0
  /// Tables in which nothing is executable.
  private var plain: Set<Table> = []

  init(
    levels: Int, read: @escaping (_ physical: UInt64, _ level: Int) throws(CannotCheck) -> [UInt64],
    decode: @escaping (_ entry: UInt64, _ level: Int) -> Entry
  ) {
    self.levels = levels
    self.read = read
    self.decode = decode
  }

  /// The pages that may be executed, lowest first.
  mutating func executablePages(root: UInt64) throws(CannotCheck) -> [Page] {
    // The lower half of the top table is user space's.
    let first = 1 << 8
    let sign = UInt64.max << UInt64(11 + 9 * levels)
    _ = try walk(Table(physical: root, level: levels), entries: first..<512, base: sign, isWritable: true)
    return pages
  }

  /// - Returns: whether anything there is executable.
  private mutating func walk(
    _ table: Table, entries: Range<Int>, base: UInt64, isWritable: Bool
  ) throws(CannotCheck) -> Bool {
    tablesRead += 1
    guard tablesRead <= Self.mostTables else {
      throw .implausible("the kernel's page tables", "are more than \(Self.mostTables)")
    }
    let words = try read(table.physical, table.level)
    let shift = UInt64(12 + 9 * (table.level - 1))
    var isExecutable = false
    for index in entries {
      let word = words[index]
      // Present, and not forbidden to execute.
      guard word & 1 != 0, word >> 63 == 0 else { continue }
      let place = UInt64(index - (table.level == levels ? 256 : 0)) << shift
      let address = base &+ place
      let writable = isWritable && word & 2 != 0
      switch decode(word, table.level) {
      case .absent: continue
      case .nonsense:
        throw .implausible(
          "the page table entry of \(KernelAddress(address))",
          "0x\(String(word, radix: 16)) sets bits that must be clear")
      case .page(let physical):
        guard pages.count < Self.mostPages else {
          throw .implausible("the kernel's page tables", "map more than \(Self.mostPages) executable pages")
        }
        isExecutable = true
        pages.append(
          Page(
            region: MemoryRegion(start: KernelAddress(address), byteCount: 1 << shift), physicalAddress: physical,
            isWritable: writable, isExecutable: true))
      case .table(let physical):
        let next = Table(physical: physical, level: table.level - 1)
        guard !plain.contains(next) else { continue }
        if try walk(next, entries: 0..<512, base: address, isWritable: writable) {
          isExecutable = true
        } else {
          plain.insert(next)
        }
      }
    }
    return isExecutable
  }
}
