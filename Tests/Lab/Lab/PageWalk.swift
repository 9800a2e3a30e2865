/// The guest's own page tables, walked from outside: where modules lie, which the program headers of `/proc/kcore` do not
/// say.
///
/// Entry layout: Intel SDM volume 3A, section 4.5.
package struct PageWalk {
  /// What one entry maps: 4 KiB, 2 MiB or 1 GiB.
  package struct Leaf: Hashable, Sendable {
    package let virtual: UInt64
    package let physical: UInt64
    package let size: UInt64
    package let isExecutable: Bool
    /// The physical address of the entry that maps it.
    package let entry: UInt64
  }

  /// Where modules and other code that is made at run time lie if the kernel itself may be moved
  /// (Documentation/arch/x86/x86_64/mm.rst, v6.12).
  package static let moduleSpace: ClosedRange<UInt64> = 0xffff_ffff_c000_0000...0xffff_ffff_feff_ffff

  private let memory: GuestMemory
  private let root: UInt64
  private let levels: Int

  package init(_ system: any TamperedKernel) throws(LabError) {
    memory = system.memory
    root = try system.addressMap().physical(of: system.symbol("init_top_pgt"))
    levels = try system.addressMap().levels
  }

  /// What maps a virtual address.
  package func leaf(of virtual: UInt64) throws(LabError) -> Leaf {
    guard let leaf = try leaves(in: virtual...virtual).first else {
      throw LabError("\(hex(virtual)) is not mapped in the guest")
    }
    return leaf
  }

  /// The physical address behind a virtual one.
  package func physical(of virtual: UInt64) throws(LabError) -> UInt64 {
    let leaf = try leaf(of: virtual)
    return leaf.physical + (virtual - leaf.virtual)
  }

  /// All that is mapped in a range, lowest first.
  package func leaves(in range: ClosedRange<UInt64>) throws(LabError) -> [Leaf] {
    var found: [Leaf] = []
    try visit(table: root, level: levels, base: 0, isExecutable: true, range: range, found: &found)
    return found
  }

  private func visit(
    table: UInt64, level: Int, base: UInt64, isExecutable: Bool, range: ClosedRange<UInt64>, found: inout [Leaf]
  ) throws(LabError) {
    let bytes = try memory.read(physical: table, count: 4096)
    let shift = UInt64(12 + 9 * (level - 1))
    for index in 0..<512 {
      var start = base | UInt64(index) << shift
      // The upper half of the top table maps the upper end of the address space.
      if level == levels, index >= 256 { start |= ~UInt64(0) << (shift + 9) }
      guard start <= range.upperBound, start + (1 << shift - 1) >= range.lowerBound else { continue }
      let entry = bytes[index * 8..<index * 8 + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard entry & 1 != 0 else { continue }
      let executable = isExecutable && entry >> 63 == 0
      let address = entry & 0x000f_ffff_ffff_f000
      if level == 1 || entry & 0x80 != 0 {
        // Bit 12 of a large page's entry is no part of its address.
        let physical = level == 1 ? address : address & ~(1 << 12)
        found.append(
          Leaf(
            virtual: start, physical: physical, size: 1 << shift, isExecutable: executable,
            entry: table + UInt64(index) * 8))
      } else {
        try visit(
          table: address, level: level - 1, base: start, isExecutable: executable, range: range, found: &found)
      }
    }
  }
}
