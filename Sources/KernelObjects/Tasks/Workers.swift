internal import KernelFormats
package import KernelModel

/// The threads that run what is put on a workqueue.
///
/// Source: `struct worker_pool`, kernel/workqueue.c, and `struct worker`, kernel/workqueue_internal.h (Linux v5.10 to v7.2).
extension Tasks {
  /// Pools at most: two for each processor, and those of unbound workqueues.
  private static let mostPools = 1 << 16

  /// The threads (`struct task_struct`) that are in the middle of a piece of work (`struct work_struct`).
  ///
  /// A worker that is busy hangs in its pool's table, `busy_hash`, and names what it runs: process_one_work(). On a kernel
  /// that runs, these tables change all the time: those who come or go meanwhile may be missing.
  package func workers(running work: UInt64) throws(CannotCheck) -> [KernelObject] {
    guard let pools = try snapshot.symbols.addressIfAny(of: "worker_pool_idr") else { return [] }
    let table = try snapshot.types.member("busy_hash", of: "worker_pool")
    let count = UInt64(clamping: table.elementCount ?? 0)
    var tasks: [KernelObject] = []
    for pool in try XArray.idr(at: pools, limit: Self.mostPools, snapshot).whole() {
      let workers = snapshot.hashTable(
        at: pool.pointer &+ UInt64(table.byteOffset), count: count, linkedBy: "hentry", of: "worker", limit: Self.most)
      for worker in workers.elements where try worker["current_work"] == work {
        if let task = try worker.target("task", as: "task_struct") { tasks.append(task) }
      }
    }
    return tasks
  }
}
