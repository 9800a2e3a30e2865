/// Executable memory of a guest that no part of its kernel owns, within reach of a direct jump.
package enum UnownedCode {
  /// Room for a few instructions.
  package static let size: UInt64 = 256

  /// Finds such memory, or makes it.
  ///
  /// From v5.18 on the kernel keeps executable pages for BPF, and later for modules, that it fills with `int3` until it
  /// needs them (commits 57631054fae6, "bpf: Introduce bpf_prog_pack allocator", and 5185e7f9f3bd, "x86/module: enable
  /// ROX caches for module text on 64 bit"). Earlier kernels have none: there it is the end of the page that the code of
  /// a hidden module is in, which stays until the guest ends.
  package static func address(in guest: Guest) throws(LabError) -> UInt64 {
    let walk = try PageWalk(guest)
    let before = try executable(walk)
    // The last page: what the kernel allots it allots from the beginning.
    let filled = [UInt8](repeating: 0xcc, count: 4096)
    for leaf in before.reversed() {
      for offset in stride(from: leaf.size - 4096, through: 0, by: -4096) {
        if try guest.memory.read(physical: leaf.physical + offset, count: 4096) == filled {
          return leaf.virtual + offset
        }
        if offset == 0 { break }
      }
    }
    try HookedModule.load(into: guest, slots: [], hidden: true)
    let empty = [UInt8](repeating: 0, count: Int(size))
    for leaf in try executable(walk) where !before.contains(leaf) {
      let end = leaf.size - size
      if try guest.memory.read(physical: leaf.physical + end, count: Int(size)) == empty { return leaf.virtual + end }
    }
    throw LabError("\(guest.kernel): no executable memory without an owner was found")
  }

  private static func executable(_ walk: PageWalk) throws(LabError) -> [PageWalk.Leaf] {
    try walk.leaves(in: PageWalk.moduleSpace).filter(\.isExecutable)
  }
}
