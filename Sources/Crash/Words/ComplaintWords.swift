internal import KernelFormats

extension OopsComplaint {
  /// What a checker of the kernel's own found, in a sentence; nil where its own words say as much.
  ///
  /// Source: Documentation/dev-tools, Documentation/locking and mm/Kconfig.debug (Linux v7.2).
  var sentence: String? {
    switch self {
    case .kasan, .kfence: "Memory was used that must not be: after it was freed, or beyond its end."
    case .kmsan: "Memory was used before anything was written to it."
    case .kcsan: "Two processors used the same memory at once, without a lock."
    case .ubsan: "The code did what its language leaves undefined: an index, a shift or a number was out of range."
    case .lockdep: "Locks are taken in an order in which tasks may come to wait for each other; nothing need have hung."
    case .atomicSleep: "The code would wait where it must not: with a spinlock held, or in an interrupt."
    case .workqueueLockup: "A pool of workers did not come to its work in time."
    case .listCorruption:
      "The links of a list contradict each other: an entry was deleted twice, freed too early, or overwritten."
    case .slab: "The allocator's own records are damaged: an object was freed twice, or written beyond its end."
    case .pageAllocation: "No memory of that size was available at once; the kernel continues."
    case .outOfMemory: "Memory ran out."
    case .machineCheck: "The hardware reported an error: no fault of the kernel's code."
    case .controlFlow: "A call or a return led where none may: see the signs."
    case .userCopy: "A copy to or from a program would have gone beyond its object."
    case .interrupt: "No driver took care of an interrupt."
    default: nil
    }
  }
}
