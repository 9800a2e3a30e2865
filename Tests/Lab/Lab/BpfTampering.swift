/// Changes to what a kernel knows of its BPF programs, from outside.
extension Tampering {
  /// Takes BPF programs out of `prog_idr`, by which `bpf(2)` finds them and goes through them: where they stand is empty.
  ///
  /// They stay attached, and run on. Nothing else is changed, the marks and counts of the tree's nodes included.
  /// Sources: `prog_idr`, kernel/bpf/syscall.c; `struct bpf_prog_aux`, include/linux/bpf.h (Linux v5.10 to v7.2).
  ///
  /// - Parameter name: of the programs, as they were loaded: up to 15 bytes.
  package func removePrograms(named name: String) throws(LabError) {
    let types = try types()
    let aux = try types.offset("bpf_prog", "aux")
    let nameOffset = try types.offset("bpf_prog_aux", "name")
    var changes = WordChanges(self)
    for entry in try entries(ofIDR: system.symbol("prog_idr")) {
      let place = try word(at: entry.pointer + aux) + nameOffset
      let bytes = try read(at: place, count: Self.nameBytes).prefix { $0 != 0 }
      if bytes.elementsEqual(name.utf8) { changes.store(0, at: entry.slot) }
    }
    guard !changes.words.isEmpty else { throw LabError("\(system.kernel): no BPF program is called \(name)") }
    try apply(changes)
  }

  /// BPF_OBJ_NAME_LEN, include/uapi/linux/bpf.h.
  private static let nameBytes = 16

  /// The pointers of an IDR, and the words that hold them.
  ///
  /// Layout: `struct idr`, include/linux/idr.h; `struct xarray` and `struct xa_node`, include/linux/xarray.h (Linux v5.10 to
  /// v7.2). A pointer whose last two bits are 2 leads to a node.
  func entries(ofIDR idr: UInt64) throws(LabError) -> [(slot: UInt64, pointer: UInt64)] {
    let types = try types()
    let (slots, slotsOffset) = (try types.array("xa_node", "slots"), try types.offset("xa_node", "slots"))
    var found: [(slot: UInt64, pointer: UInt64)] = []
    var waiting = [
      idr + (try types.offset("idr", "idr_rt")) + (try types.offset("xarray", "xa_head"))
    ]
    // No guest has as many programs.
    var nodesLeft = 4096
    while let slot = waiting.popLast() {
      let entry = try word(at: slot)
      if entry & 3 == 2, entry > 4096 {
        nodesLeft -= 1
        guard nodesLeft > 0 else { throw LabError("\(system.kernel): the IDR at \(hex(idr)) has too many nodes") }
        waiting += (0..<slots.count).map { entry - 2 + slotsOffset + $0 * slots.stride }
      } else if entry != 0, entry & 3 == 0 {
        found.append((slot, entry))
      }
    }
    return found
  }
}
