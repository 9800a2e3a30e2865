internal import KernelModel

/// What the words at many addresses hold at one moment, as far as it is not what the file says.
struct PointerLook {
  /// A slot that holds something else, and what.
  struct Difference: Hashable {
    var slot: PointerSlot
    var value: UInt64
  }

  private(set) var differences: [Difference] = []
  /// Slots that could not be read.
  private(set) var unread: Set<UInt64> = []
  /// The first few reasons.
  private(set) var faults: [MemoryFault] = []

  /// Read at once at most; and what may lie between two slots that are.
  private static let largest: UInt64 = 1 << 20
  private static let gap: UInt64 = 1 << 14
  private static let mostFaults = 4

  /// - Parameter slots: lowest address first, which saves reads.
  init(at slots: [PointerSlot], in memory: any KernelMemory) {
    var first = 0
    while first < slots.count {
      var end = first + 1
      while end < slots.count, slots[end].address &- slots[first].address < Self.largest,
        slots[end].address &- slots[end - 1].address < Self.gap
      {
        end += 1
      }
      read(slots[first..<end], in: memory)
      first = end
    }
  }

  private mutating func read(_ slots: ArraySlice<PointerSlot>, in memory: any KernelMemory) {
    guard let first = slots.first, let last = slots.last else { return }
    do throws(MemoryFault) {
      let bytes = try memory.bytes(at: KernelAddress(first.address), count: Int(last.address &- first.address) + 8)
      bytes.withUnsafeBytes { raw in
        for slot in slots {
          let value = raw.value(UInt64.self, at: Int(slot.address &- first.address))
          if value != slot.target { differences.append(Difference(slot: slot, value: value)) }
        }
      }
    } catch {
      guard slots.count > 1 else {
        unread.insert(first.address)
        if faults.count < Self.mostFaults { faults.append(error) }
        return
      }
      // Some of it is not there: find which.
      let middle = slots.startIndex + slots.count / 2
      read(slots[..<middle], in: memory)
      read(slots[middle...], in: memory)
    }
  }
}
