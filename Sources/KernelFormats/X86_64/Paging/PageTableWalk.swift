internal import KernelModel

extension X86_64 {
  /// One walk over the page tables of the kernel's half of the address space: for the pages that may be executed, or for
  /// all pages of a region.
  ///
  /// Page tables are the suspect's: they may name each other in circles, or one table a hundred million times (the kernel
  /// itself maps its espfix stacks many times over: arch/x86/kernel/espfix_64.c, Linux v6.12). So a table in which
  /// nothing is executable is remembered and not walked twice, and what is found is bounded.
  struct PageTableWalk {
    /// An entry, as far as a walk needs it.
    enum Entry {
      case absent
      case table(PhysicalAddress)
      case page(physicalAddress: PhysicalAddress)
      /// It sets bits that must be clear.
      case nonsense
    }

    /// A table at one level.
    private struct Table: Hashable {
      var physical: PhysicalAddress
      var level: Int
    }

    /// Pages reported at most: with 4 KiB each, 1 GiB of code.
    private static let mostPages = 1 << 18
    /// Tables read at most: those of 512 GiB mapped in pages of 4 KiB.
    private static let mostTables = 1 << 18

    private let levels: Int
    private let read: (_ physical: PhysicalAddress, _ level: Int) throws(CannotCheck) -> [UInt64]
    private let decode: (_ entry: UInt64, _ level: Int) -> Entry
    private var pages: [Page] = []
    private var tablesRead = 0
    /// Tables in which nothing is executable.
    private var plain: Set<Table> = []
    /// The only addresses that are wanted, whether executable or not; nil for all that is executable.
    private var region: MemoryRegion?

    init(
      levels: Int, read: @escaping (_ physical: PhysicalAddress, _ level: Int) throws(CannotCheck) -> [UInt64],
      decode: @escaping (_ entry: UInt64, _ level: Int) -> Entry
    ) {
      self.levels = levels
      self.read = read
      self.decode = decode
    }

    /// The pages that may be executed, lowest first.
    mutating func executablePages(root: PhysicalAddress) throws(CannotCheck) -> [Page] {
      try walkKernelHalf(root)
      return pages
    }

    /// The pages of `region`, lowest first.
    mutating func pages(in region: MemoryRegion, root: PhysicalAddress) throws(CannotCheck) -> [Page] {
      self.region = region
      try walkKernelHalf(root)
      return pages
    }

    private mutating func walkKernelHalf(_ root: PhysicalAddress) throws(CannotCheck) {
      // The lower half of the top table is user space's.
      let first = 1 << 8
      let sign = UInt64.max << UInt64(11 + 9 * levels)
      _ = try walk(
        Table(physical: root, level: levels), entries: first..<512, base: sign, isWritable: true, isExecutable: true)
    }

    /// - Returns: whether anything there was wanted.
    private mutating func walk(
      _ table: Table, entries: Range<Int>, base: UInt64, isWritable: Bool, isExecutable: Bool
    ) throws(CannotCheck) -> Bool {
      tablesRead += 1
      guard tablesRead <= Self.mostTables else {
        throw .implausible("the kernel's page tables", "are more than \(Self.mostTables)")
      }
      let words = try read(table.physical, table.level)
      let shift = UInt64(12 + 9 * (table.level - 1))
      var isWanted = false
      for index in entries {
        let word = words[index]
        guard word & 1 != 0, region != nil || word >> 63 == 0 else { continue }
        let place = UInt64(index - (table.level == levels ? 256 : 0)) << shift
        let address = base &+ place
        if let region, !region.overlaps(MemoryRegion(start: KernelAddress(address), byteCount: 1 << shift)) { continue }
        let writable = isWritable && word & 2 != 0
        let executable = isExecutable && word >> 63 == 0
        switch decode(word, table.level) {
        case .absent: continue
        case .nonsense:
          throw .implausible(
            "the page table entry of \(KernelAddress(address))",
            "\(word.hexadecimal) sets bits that must be clear")
        case .page(let physical):
          guard pages.count < Self.mostPages else {
            throw .implausible("the kernel's page tables", "map more than \(Self.mostPages) such pages")
          }
          isWanted = true
          pages.append(
            Page(
              region: MemoryRegion(start: KernelAddress(address), byteCount: 1 << shift), physicalAddress: physical,
              isWritable: writable, isExecutable: executable))
        case .table(let physical):
          let next = Table(physical: physical, level: table.level - 1)
          guard !plain.contains(next) else { continue }
          if try walk(next, entries: 0..<512, base: address, isWritable: writable, isExecutable: executable) {
            isWanted = true
          } else if region == nil {
            plain.insert(next)
          }
        }
      }
      return isWanted
    }
  }
}
