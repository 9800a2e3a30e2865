internal import KernelModel

/// Whether a task hangs in a list, asked of its own links and not of the list.
///
/// Where tasks come and go quickly, whoever follows a list may be led from one that is freed, and used anew, to the list's end, past
/// all between. A task whose neighbour leads to it, and from which the list goes on to its head, is in it all the same.
extension TaskCensus {
  /// - Parameters:
  ///   - task: one that was not come upon by this way.
  ///   - moment: memory as it is now.
  package func isLinked(_ task: Task, by way: Way, at moment: Snapshot) -> Bool {
    do throws(CannotCheck) {
      let object = try moment.object("task_struct", at: task.address)
      switch way {
      case .list where task.isLeader:
        let head = try moment.symbols.address(of: "init_task") &+ moment.offset("tasks", in: "task_struct")
        return try isLinked(object.address(of: "tasks"), to: [head], moment)
      case .list:
        guard let signal = try object.target("signal", as: "signal_struct") else { return false }
        return try isLinked(object.address(of: "thread_node"), to: [signal.address(of: "thread_head")], moment)
      case .controlGroups:
        guard let set = try object.target("cgroups", as: "css_set") else { return false }
        var heads: Set<UInt64> = []
        for list in ["tasks", "mg_tasks", "dying_tasks"] where set.has(list) { heads.insert(try set.address(of: list)) }
        return try isLinked(object.address(of: "cg_list"), to: heads, moment)
      case .numbers, .processors, .family: return false
      }
    } catch {
      // What cannot be followed now may lead there.
      return true
    }
  }

  private func isLinked(_ node: UInt64, to heads: Set<UInt64>, _ moment: Snapshot) throws(CannotCheck) -> Bool {
    // One that was taken out has links that lead nowhere, to itself, or to neighbours that lead past it.
    guard let before = moment.word(at: node &+ 8), moment.word(at: before) == node, moment.word(at: node) != node else {
      return false
    }
    var next = try moment.load(UInt64.self, at: node)
    for _ in 0..<2 * tasks.count + 1024 {
      if heads.contains(next) { return true }
      next = try moment.load(UInt64.self, at: next)
    }
    return false
  }
}
