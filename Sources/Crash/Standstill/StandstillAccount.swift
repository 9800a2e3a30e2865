internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What a kernel that did not give up was doing, in one sentence and in one paragraph.
extension Standstill {
  /// Groups that are told in the paragraph.
  private static let mostGroups = 4

  package var headline: String {
    guard let worst = groups.first else {
      return processors.allSatisfy(\.isIdle)
        ? "the kernel did not give up: no processor had anything to do, and no task waits"
        : "the kernel did not give up: no task waits uninterruptibly"
    }
    let verb = waitingCount == 1 ? "waits" : "wait"
    let tasks = waitingCount == 1 ? "1 task" : "\(waitingCount) tasks"
    let deadlock = groups.first(where: isDeadlock)
    let which = deadlock ?? worst
    let holder = which.holder.map { ", which \(Self.name($0)) has; \(whereabouts(of: $0))" } ?? ""
    return
      "the kernel did not give up, and \(tasks) \(verb) uninterruptibly: \(which.tasks.count) \(which.words)\(holder)"
      + (deadlock == nil ? "" : ", a deadlock")
  }

  package var sentences: [String] {
    var sentences = [
      "The kernel did not give up: its memory was taken while it ran, or stood still."
    ]
    let busy = processors.filter { !$0.isIdle }
    sentences.append(
      busy.isEmpty
        ? "Processors without a task to run: all of \(processors.count)."
        : "Processors without a task to run: \(processors.count - busy.count) of \(processors.count).")
    for processor in busy.prefix(8) {
      let place =
        processor.place.map { " in \($0)" }
        ?? (processor.registers?.isUserMode == true ? ", in the program itself" : "")
      sentences.append("Processor \(processor.number) ran \(Self.name(processor.task))\(place).")
      if let why = processor.waitsActively { sentences.append(why) }
    }
    if groups.isEmpty {
      sentences.append(
        "Of \(taskCount) tasks, none waits uninterruptibly\(waitingCount > 0 ? " as far as is known" : "").")
    } else {
      sentences.append("Of \(taskCount) tasks, \(waitingCount) wait uninterruptibly.")
    }
    for group in groups.prefix(Self.mostGroups) {
      let names = group.tasks.prefix(4).map(Self.name).joined(separator: ", ")
      let more = group.tasks.count > 4 ? " and \(group.tasks.count - 4) more" : ""
      sentences.append("\(names)\(more): \(group.tasks.count == 1 ? "waits" : "wait") \(group.words).")
      if let holder = group.holder {
        sentences.append("That lock \(Self.name(holder)) has; \(whereabouts(of: holder)).")
      }
      if isDeadlock(group) { sentences.append("So each waits for another: a deadlock.") }
    }
    if groups.count > Self.mostGroups { sentences.append("There are \(groups.count - Self.mostGroups) more groups.") }
    return sentences
  }

  static func name(_ task: KernelTask) -> String {
    "\(String(decoding: task.name, as: UTF8.self)) (\(task.pid))"
  }
}

extension BusyProcessor {
  /// What it waits for without letting go of the processor, by the functions that it is in.
  ///
  /// Source: kernel/locking/qspinlock.c, kernel/smp.c, kernel/stop_machine.c (Linux v5.10 to v7.2).
  package var waitsActively: String? {
    let known: [(beginning: String, words: String)] = [
      ("native_queued_spin_lock", "It spins for a lock that another processor has."),
      ("queued_spin_lock", "It spins for a lock that another processor has."),
      ("queued_read_lock", "It spins for a lock that another processor has."),
      ("queued_write_lock", "It spins for a lock that another processor has."),
      ("smp_call_function", "It waits for other processors to answer: one of them does not."),
      ("csd_lock_wait", "It waits for another processor to answer, which does not."),
      ("multi_cpu_stop", "It waits in stop_machine for all processors to come there."),
    ]
    for frame in (trace?.frames ?? []).prefix(8) {
      guard let symbol = frame.owner.place?.symbol else { continue }
      if let found = known.first(where: { symbol.hasPrefix($0.beginning) }) { return found.words }
    }
    return nil
  }
}
