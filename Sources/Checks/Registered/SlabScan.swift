internal import KernelModel
internal import KernelObjects

/// The slabs of one kernel, and what is asked of them: what looks at them have in common.
final class SlabScan {
  let kernel: Kernel
  let caches: SlabCaches
  let records: SlabRecords
  /// Executable memory that nobody owns.
  let unowned: [MemoryRegion]
  /// Whether memory that is given out is zeroed first, so that a member that nobody set holds nothing of what was there before.
  let memoryIsZeroed: Bool
  private let structures: KernelStructures
  private let targets: RegisteredTargets

  private static let attempts = 4

  /// - Throws: if the kernel's slabs cannot be found, or are laid out in another way than those that are known.
  init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    structures = try kernel.structures
    targets = RegisteredTargets(kernel, structures)
    var caches = try SlabCaches(structures.reader.reading(kernel.memory.fresh))
    for _ in 1..<Self.attempts where caches.obstacle?.mayPass == true {
      kernel.pause()
      caches = try SlabCaches(structures.reader.reading(kernel.memory.fresh))
    }
    self.caches = caches
    let snapshot = structures.reader.reading(kernel.memory.fresh)
    records = try SlabRecords(snapshot)
    unowned = try ExecutableMap(of: kernel).rows.filter { $0.kind == nil }.map(\.region)
    // `init_on_alloc` is a static key, whose first member is the count of those who switched it on: mm/page_alloc.c (Linux v5.10 to v6.4),
    // mm/mm_init.c (v6.5 to v7.2).
    memoryIsZeroed = try snapshot.value(Int32.self, of: "init_on_alloc") ?? 0 > 0
  }

  /// Judges words as the kernel is now.
  func judge() -> SlabJudge {
    SlabJudge(kernel, structures.reader.reading(kernel.memory.fresh), targets, unowned: unowned)
  }
}

extension SlabScan {
  private static let looks = 6

  /// What leads astray at each of several looks, and all that was seen at the first.
  func settled(limit: UInt64) throws(CannotCheck) -> (look: SlabLook, wrong: [SlabLook.Lead]) {
    let look = try SlabLook.all(of: self, limit: limit)
    var wrong = look.leads
    for _ in 1..<Self.looks where !wrong.isEmpty && kernel.isRunning {
      kernel.pause()
      let seen = Set(try SlabLook.again(at: Set(wrong.map(\.slab)), of: self).leads)
      wrong.removeAll { !seen.contains($0) }
    }
    return (look, wrong)
  }
}
