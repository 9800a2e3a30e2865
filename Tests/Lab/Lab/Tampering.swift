import Foundation

/// Changes a kernel from outside, through the file that is its memory, and puts everything back.
///
/// No code of ours runs in the kernel for it, so it works on every kernel, also on those no module can be built for here,
/// and on one that was saved.
package final class Tampering {
  package let system: any TamperedKernel
  private var undo: [(physical: UInt64, bytes: [UInt8])] = []
  private var walk: PageWalk?
  private var knownTypes: GuestTypes?
  /// Of each struct module that was asked for: a module that is hidden cannot be asked for again.
  var moduleAddresses: [String: UInt64] = [:]

  package init(_ system: any TamperedKernel) { self.system = system }

  /// The guest, where something has to run in it.
  package var guest: Guest {
    get throws(LabError) {
      guard let guest = system as? Guest else { throw LabError("\(system.kernel) was saved: nothing runs in it") }
      return guest
    }
  }

  /// Whether this kernel really calls through its 64-bit table.
  ///
  /// Since Linux commit 1e3ad78334a6 ("x86/syscall: Don't force use of indirect calls for system calls") (in v6.9, and
  /// in the stable series from 6.1.85) it calls `x64_sys_call`, a switch.
  package static func dispatchesThroughTable(_ system: any TamperedKernel) throws(LabError) -> Bool {
    try system.symbols(["x64_sys_call"]).isEmpty
  }

  /// The value of a slot.
  package func value(ofSlot index: Int, in table: String = "sys_call_table") throws(LabError) -> UInt64 {
    try system.memory.readWord(physical: physicalAddress(ofSlot: index, in: table))
  }

  /// The bytes at a virtual address, in one page.
  package func read(at address: UInt64, count: Int) throws(LabError) -> [UInt8] {
    try system.memory.read(physical: physical(of: address), count: count)
  }

  /// Changes the bytes at a virtual address, in one page, at once.
  package func patch(_ bytes: [UInt8], at address: UInt64) throws(LabError) {
    let physical = try physical(of: address)
    undo.append((physical, try system.memory.read(physical: physical, count: bytes.count)))
    // A processor must not come by halfway through.
    try system.pause()
    try system.memory.write(physical: physical, bytes)
    try system.resume()
  }

  /// Changes words wherever they are, at once.
  func apply(_ changes: WordChanges) throws(LabError) {
    var places: [(physical: UInt64, word: UInt64)] = []
    for (address, word) in changes.words { places.append((try physical(of: address), word)) }
    try system.pause()
    for (physical, word) in places {
      undo.append((physical, try system.memory.read(physical: physical, count: 8)))
      try system.memory.writeWord(physical: physical, word)
    }
    try system.resume()
  }

  /// What the guest's kernel says of its structures.
  func types() throws(LabError) -> GuestTypes {
    if let knownTypes { return knownTypes }
    let types = try GuestTypes(system)
    knownTypes = types
    return types
  }

  private func physical(of address: UInt64) throws(LabError) -> UInt64 {
    let map = try system.addressMap()
    // Elsewhere, where modules and areas of vmalloc's lie, the page tables say it.
    if map.contains(address) { return try map.physical(of: address) }
    if walk == nil { walk = try PageWalk(system) }
    guard let walk else { throw LabError("no page tables") }
    return try walk.physical(of: address)
  }

  /// Has the page at a virtual address, small or large, mapped writable.
  package func makeWritable(_ address: UInt64) throws(LabError) {
    let entry = try PageWalk(system).leaf(of: address).entry
    undo.append((entry, try system.memory.read(physical: entry, count: 8)))
    // Bit 1: Intel SDM volume 3A, table 4-20. The levels above allow writing to everything of the kernel's.
    try system.memory.writeWord(physical: entry, system.memory.readWord(physical: entry) | 2)
  }

  /// Has the page at a virtual address, small or large, mapped executable.
  package func makeExecutable(_ address: UInt64) throws(LabError) {
    let entry = try PageWalk(system).leaf(of: address).entry
    undo.append((entry, try system.memory.read(physical: entry, count: 8)))
    // Bit 63: Intel SDM volume 3A, table 4-20. The levels above allow executing everything of the kernel's.
    try system.memory.writeWord(physical: entry, system.memory.readWord(physical: entry) & ~(1 << 63))
  }

  /// Puts any value into a slot.
  package func replaceSlot(_ index: Int, in table: String = "sys_call_table", with value: UInt64) throws(LabError) {
    let physical = try physicalAddress(ofSlot: index, in: table)
    undo.append((physical, try system.memory.read(physical: physical, count: 8)))
    try system.memory.writeWord(physical: physical, value)
  }

  /// Swaps two slots, so that both still lead to handlers.
  package func swapSlots(_ first: Int, _ second: Int, in table: String = "sys_call_table") throws(LabError) {
    let (one, other) = (try value(ofSlot: first, in: table), try value(ofSlot: second, in: table))
    guard one != other else { throw LabError("slots \(first) and \(second) of \(table) are the same") }
    try replaceSlot(first, in: table, with: other)
    try replaceSlot(second, in: table, with: one)
  }

  /// An address in the range of modules where nothing is mapped: far above the modules, which are loaded upwards.
  package static let unmappedModuleAddress: UInt64 = 0xffff_ffff_fe12_3450

  /// A page of the guest's memory that no part of the kernel owns, with code and telling names in it.
  package struct UnownedPage: Sendable {
    /// Its address among all of memory.
    package let address: UInt64
    /// Where the hooks begin.
    package var hooks: [UInt64] { [address + 0x40, address + 0x80] }
    /// The names that lie beside them.
    package static let names = ["hack_read", "hack_open", "disable_write_protection"]
  }

  /// Fills a page that no part of the kernel owns.
  ///
  /// The page is not given back.
  package func plantUnownedPage() throws(LabError) -> UnownedPage {
    let physical = try system.unownedPage()
    try system.memory.write(physical: physical, Self.unownedContent())
    return UnownedPage(address: try system.addressMap().directMap(of: physical))
  }

  /// Puts back all that was changed, the last first.
  package func restore() throws(LabError) {
    guard !undo.isEmpty else { return }
    try system.pause()
    while let (physical, bytes) = undo.popLast() { try system.memory.write(physical: physical, bytes) }
    try system.resume()
  }

  private func physicalAddress(ofSlot index: Int, in table: String) throws(LabError) -> UInt64 {
    try system.addressMap().physical(of: system.symbol(table) + UInt64(index) * 8)
  }

  /// A page with two small functions that refuse (`endbr64; mov $-38, %rax; ret`), and the names after them.
  private static func unownedContent() -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    let code: [UInt8] = [0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3]
    for offset in [0x40, 0x80] { page.replaceSubrange(offset..<offset + code.count, with: code) }
    var offset = 0x200
    for name in UnownedPage.names {
      page.replaceSubrange(offset..<offset + name.utf8.count, with: name.utf8)
      offset += 0x40
    }
    return page
  }
}
