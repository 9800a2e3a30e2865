internal import KernelModel

/// The bytes of a run of memory, as far as they can be read.
struct RunBytes {
  /// Readable stretches, lowest first.
  private(set) var stretches: [(start: KernelAddress, bytes: [UInt8])] = []
  /// One fault for each place where reading stopped.
  private(set) var faults: [MemoryFault] = []

  private static let chunk: UInt64 = 4096

  init(of region: MemoryRegion, in memory: any KernelMemory) {
    var position = region.start
    var current: (start: KernelAddress, bytes: [UInt8])?
    while region.contains(position), let end = region.end {
      let boundary = position.aligned(downTo: Self.chunk).advanced(by: Self.chunk) ?? end
      let next = min(boundary, end)
      guard let count = next.offset(from: position), count > 0 else { break }
      do throws(MemoryFault) {
        let bytes = try memory.bytes(at: position, count: Int(count))
        if current == nil { current = (position, []) }
        current?.bytes += bytes
      } catch {
        if current != nil || faults.isEmpty { faults.append(error) }
        if let stretch = current { stretches.append(stretch) }
        current = nil
      }
      position = next
    }
    if let stretch = current { stretches.append(stretch) }
  }

  /// Whether pages with these permissions can hold code; where the permissions are not known they can.
  static func mayBeExecuted(_ run: Implant.PermissionRun) -> Bool {
    run.permissions.hasSuffix("x") || run.permissions == "???"
  }
}
