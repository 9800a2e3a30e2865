package import KernelModel

extension X86_64 {
  /// The kernel's page tables, read from its memory.
  ///
  /// Entry layout: Intel SDM volume 3A, section 4.5 ("4-level paging and 5-level paging"), tables 4-14 to 4-20;
  /// arch/x86/include/asm/pgtable_types.h (`_PAGE_BIT_*`), Linux v6.12. Permissions combine over the levels: a page is
  /// writable if every entry on the way allows it, and executable if none of them forbids it (section 4.6).
  package final class PageTables: KernelPageTables {
    /// Bits of an entry.
    private enum Bit {
      static let present: UInt64 = 1 << 0
      static let writable: UInt64 = 1 << 1
      /// In a table at level 2 or 3, the entry maps a large page; at level 4 and 5, and it must be clear.
      static let large: UInt64 = 1 << 7
      static let noExecute: UInt64 = 1 << 63
      /// Bits 12 to 51, the physical address.
      static let address: UInt64 = 0x000f_ffff_ffff_f000
      /// Bit 12 of a large page's entry selects its memory type (PAT) and is no part of the address.
      static let largePageAttribute: UInt64 = 1 << 12
    }

    private static let entryCount = 512
    /// Tables kept at most, of 4 KiB each; when full, the cache starts anew.
    private static let tableLimit = 256

    private let memory: any PhysicalMemory
    private let root: PhysicalAddress
    private let levels: Int
    private let addressMask: UInt64
    /// Tables by their physical address.
    private var tables: [UInt64: [UInt64]] = [:]

    package convenience init(memory: any PhysicalMemory, root: PhysicalAddress, layout: PageTableLayout) {
      let addressMask = Bit.address & ~layout.encryptionMask
      self.init(
        memory: memory, root: PhysicalAddress(root.rawValue & addressMask), levels: layout.levels,
        addressMask: addressMask)
    }

    private init(memory: any PhysicalMemory, root: PhysicalAddress, levels: Int, addressMask: UInt64) {
      self.memory = memory
      self.root = root
      self.levels = levels
      self.addressMask = addressMask
    }

    package var fresh: any KernelMappings {
      PageTables(memory: memory.fresh, root: root, levels: levels, addressMask: addressMask)
    }

    /// How the page at `address` is mapped.
    ///
    /// An address that is not canonical is unmapped: an access to it faults.
    package func mapping(of address: KernelAddress) -> Mapping {
      guard levels == 4 || levels == 5 else { return .unknown("page tables of \(levels) levels are not known") }
      let unusedBits = 64 - (12 + 9 * levels)
      let signExtended = (Int64(bitPattern: address.rawValue) << unusedBits) >> unusedBits
      guard UInt64(bitPattern: signExtended) == address.rawValue else {
        return .unmapped
      }
      var table = root
      var isWritable = true
      var isExecutable = true
      var level = levels
      while level > 0 {
        let shift = 12 + 9 * (level - 1)
        let index = Int(truncatingIfNeeded: address.rawValue >> UInt64(shift)) & (Self.entryCount - 1)
        let entry: UInt64
        switch self.entry(index, ofTableAt: table, level: level) {
        case .success(let value): entry = value
        case .failure(let problem): return .unknown(problem.reason)
        }
        isWritable = isWritable && entry & Bit.writable != 0
        isExecutable = isExecutable && entry & Bit.noExecute == 0
        switch decode(entry, level: level) {
        case .absent: return .unmapped
        case .nonsense: return nonsense(entry, level: level, of: address)
        case .table(let physical):
          table = physical
          level -= 1
        case .page(let physical):
          let byteCount = UInt64(1) << UInt64(shift)
          return .mapped(
            Page(
              region: MemoryRegion(start: address.aligned(downTo: byteCount), byteCount: byteCount),
              physicalAddress: physical, isWritable: isWritable, isExecutable: isExecutable))
        }
      }
      return .unmapped  // not reached: level 1 is always a leaf
    }

    /// Every page of the kernel's half of the address space that may be executed, lowest first.
    ///
    /// - Throws: if a table cannot be read or makes no sense, or if there are more than any kernel has.
    package func executablePages() throws(CannotCheck) -> [Page] {
      var walk = try walk()
      return try walk.executablePages(root: root)
    }

    /// Every page in `region` that is mapped, lowest first.
    ///
    /// - Throws: as ``executablePages()``.
    package func pages(in region: MemoryRegion) throws(CannotCheck) -> [Page] {
      var walk = try walk()
      return try walk.pages(in: region, root: root)
    }

    /// The tables of the kernel's half of the address space, lowest first; of those that can be read.
    package func tablePages() -> [PhysicalAddress] {
      guard levels == 4 || levels == 5 else { return [] }
      var census = PageTableCensus(
        read: { try? self.read(tableAt: $0, level: $1).get() }, decode: { self.decode($0, level: $1) })
      return census.tables(root: root, levels: levels)
    }

    private func walk() throws(CannotCheck) -> PageTableWalk {
      guard levels == 4 || levels == 5 else {
        throw .implausible("the kernel's page tables", "have \(levels) levels, which are not known")
      }
      return PageTableWalk(
        levels: levels,
        read: { physical, level throws(CannotCheck) in
          switch self.read(tableAt: physical, level: level) {
          case .success(let entries): return entries
          case .failure(let problem): throw .implausible("the kernel's page tables", problem.reason)
          }
        }, decode: { self.decode($0, level: $1) })
    }

    /// What an entry of a table at `level` says.
    private func decode(_ entry: UInt64, level: Int) -> PageTableWalk.Entry {
      guard entry & Bit.present != 0 else { return .absent }
      guard level == 1 || entry & Bit.large != 0 else { return .table(PhysicalAddress(entry & addressMask)) }
      guard level <= 3 else { return .nonsense }
      let byteCount = UInt64(1) << UInt64(12 + 9 * (level - 1))
      let physical = entry & addressMask & ~(level > 1 ? Bit.largePageAttribute : 0)
      return physical & (byteCount - 1) == 0 ? .page(physicalAddress: PhysicalAddress(physical)) : .nonsense
    }

    private struct Problem: Error {
      var reason: String
    }

    private func entry(_ index: Int, ofTableAt physical: PhysicalAddress, level: Int) -> Result<UInt64, Problem> {
      if let entries = tables[physical.rawValue] { return .success(entries[index]) }
      return read(tableAt: physical, level: level).map { entries in
        if tables.count >= Self.tableLimit { tables.removeAll(keepingCapacity: true) }
        tables[physical.rawValue] = entries
        return entries[index]
      }
    }

    private func read(tableAt physical: PhysicalAddress, level: Int) -> Result<[UInt64], Problem> {
      let bytes: [UInt8]
      do throws(PhysicalFault) {
        bytes = try memory.bytes(at: physical, count: Self.entryCount * 8)
      } catch {
        return .failure(Problem(reason: "a level \(level) page table cannot be read: \(error)"))
      }
      let raw = bytes.span.bytes
      guard raw.byteCount == Self.entryCount * 8 else {
        return .failure(Problem(reason: "a level \(level) page table at \(physical) was read short"))
      }
      var entries = [UInt64](repeating: 0, count: Self.entryCount)
      for number in 0..<Self.entryCount {
        entries[number] = UInt64(
          littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: number * 8, as: UInt64.self))
      }
      return .success(entries)
    }

    private func nonsense(_ entry: UInt64, level: Int, of address: KernelAddress) -> Mapping {
      .unknown(
        "the level \(level) page table entry of \(address), \(entry.hexadecimal), sets bits that must be clear")
    }
  }
}
