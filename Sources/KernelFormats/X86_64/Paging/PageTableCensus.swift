internal import KernelModel

extension X86_64 {
  /// The tables themselves: which physical pages hold the page tables of the kernel's half of the address space.
  ///
  /// Each table is visited once, however often it is named (the tables of espfix and of KASAN's shadow are shared many times
  /// over: arch/x86/kernel/espfix_64.c, arch/x86/mm/kasan_init_64.c, Linux v6.12), and no more than are believed. What cannot be
  /// read or makes no sense leads nowhere: the kernel that is asked may be at work.
  struct PageTableCensus {
    /// Tables visited at most: 1 GiB of them, which map 512 GiB in pages of 4 KiB.
    static let mostTables = 1 << 18

    private struct Table: Hashable {
      var physical: PhysicalAddress
      var level: Int
    }

    private let read: (_ physical: PhysicalAddress, _ level: Int) -> [UInt64]?
    private let decode: (_ entry: UInt64, _ level: Int) -> PageTableWalk.Entry
    private var visited: Set<Table> = []
    private var waiting: [Table] = []
    private var pages: Set<PhysicalAddress> = []

    init(
      read: @escaping (_ physical: PhysicalAddress, _ level: Int) -> [UInt64]?,
      decode: @escaping (_ entry: UInt64, _ level: Int) -> PageTableWalk.Entry
    ) {
      self.read = read
      self.decode = decode
    }

    /// Physical addresses of the tables, lowest first.
    mutating func tables(root: PhysicalAddress, levels: Int) -> [PhysicalAddress] {
      // The lower half of the top table is user space's.
      visit(Table(physical: root, level: levels), entries: 256..<512)
      while let table = waiting.popLast() { visit(table, entries: 0..<512) }
      return pages.sorted()
    }

    private mutating func visit(_ table: Table, entries: Range<Int>) {
      guard let words = read(table.physical, table.level), words.count >= entries.upperBound else { return }
      pages.insert(table.physical)
      guard table.level > 1 else { return }
      for word in words[entries] {
        guard case .table(let physical) = decode(word, table.level), visited.count < Self.mostTables else { continue }
        let next = Table(physical: physical, level: table.level - 1)
        if visited.insert(next).inserted { waiting.append(next) }
      }
    }
  }
}
