internal import KernelFormats
internal import KernelModel

/// The kernel's first task, as its image has it: by that, layouts that a debugger is told are held against the build itself.
///
/// A build with `CONFIG_RANDSTRUCT` shuffles structures, `task_struct` among them; gcc writes its debugging information as if
/// it had not (measured: gcc 12, Linux 6.12.117, `comm` at 1864 in DWARF and at 192 in `init_task`).
///
/// Source: init/init_task.c (Linux v5.10 to v7.2).
struct FirstTask {
  private let object: VendorObject
  /// Link-time addresses.
  private let task: UInt64?
  private let memory: UInt64?

  /// Fewer members prove nothing.
  private static let leastMembers = 4

  init(_ object: VendorObject, _ symbols: SymbolIndex, offset: UInt64) {
    self.object = object
    task = symbols["init_task"].map { $0 &- offset }
    memory = symbols["init_mm"].map { $0 &- offset }
  }

  /// - Parameter source: whose word `types` is.
  /// - Throws: if the image has the task's members elsewhere, or not enough of them can be seen.
  func confirm(_ types: KernelTypes, of source: String) throws(CannotCheck) {
    guard let task, let type = types.typeIfAny("task_struct") else {
      throw .implausible(source, "says nothing of the kernel's first task, by which its layouts are proven")
    }
    var seen = 0
    // "swapper" and its NUL; the task itself; lists that hold nothing yet, and lead to themselves.
    let comm: UInt64 = 0x0072_6570_7061_7773
    let members: [(path: String, holds: UInt64?)] = [
      ("comm", comm), ("real_parent", task), ("parent", task), ("group_leader", task), ("active_mm", memory),
      ("tasks", nil), ("children", nil), ("sibling", nil),
    ]
    for (path, holds) in members where holds != nil || path != "active_mm" {
      guard let member = type.memberIfAny(path) else { continue }
      let place = task &+ UInt64(member.byteOffset)
      guard let bytes = object.bytes(at: MemoryRegion(start: KernelAddress(place), byteCount: 8)) else { continue }
      guard bytes.loadUnaligned(as: UInt64.self) == holds ?? place else {
        throw .withheld(
          Withheld(
            KernelTypes.subject,
            why:
              "\(source) has init_task.\(path) elsewhere than the kernel image does: its structures were shuffled when "
              + "it was built (CONFIG_RANDSTRUCT), which gcc does not tell a debugger",
            remedy: "nothing that could be brought replaces it: what is asked of such structures cannot be answered on "
              + "this kernel",
            isNotBuilt: true))
      }
      seen += 1
    }
    guard seen >= Self.leastMembers else {
      throw .implausible(source, "tells of \(seen) members of the kernel's first task, too few to prove its layouts")
    }
  }
}
