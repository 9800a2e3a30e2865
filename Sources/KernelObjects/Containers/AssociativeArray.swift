internal import KernelFormats
internal import KernelModel

/// What stands in an associative array: what the kernel keeps on its keyrings.
///
/// Source: `struct assoc_array`, include/linux/assoc_array.h; `struct assoc_array_node` and `struct assoc_array_shortcut`,
/// include/linux/assoc_array_priv.h (Linux v5.10 to v7.2). Of a pointer, bit 0 says that it leads to a node, and bit 1 then that
/// this is a shortcut; bit 1 of one to an object is the user's.
extension Snapshot {
  /// The pointers in the array at `array`, with their lowest two bits, of which the first is zero, as far as it can be followed.
  ///
  /// - Parameter limit: more pointers and nodes together than the kernel ever has.
  package func associativeArray(at array: UInt64, limit: Int) -> Walk<UInt64> {
    Walk { (found: inout [UInt64]) throws(CannotCheck) in
      let slots = try types.member("slots", of: "assoc_array_node")
      let count = UInt64(clamping: slots.elementCount ?? 0)
      guard (1...Self.mostFanOut).contains(count) else {
        throw .layoutUnknown(structure: "assoc_array_node", member: "slots")
      }
      var waiting = [try word("root", of: "assoc_array", at: array)]
      var seen: Set<UInt64> = []
      while let pointer = waiting.popLast() {
        let place = pointer & ~3
        guard place != 0, seen.insert(pointer).inserted else { continue }
        guard seen.count <= limit else {
          throw .torn("the array at \(KernelAddress(array))", "has more than \(limit) pointers")
        }
        switch pointer & 3 {
        case 1:
          for slot in (0..<count).reversed() {
            waiting.append(try load(UInt64.self, at: place &+ UInt64(slots.byteOffset) &+ slot * 8))
          }
        case 3:
          waiting.append(try word("next_node", of: "assoc_array_shortcut", at: place))
        default:
          found.append(pointer)
        }
      }
    }
  }

  /// `ASSOC_ARRAY_FAN_OUT` is 16, include/linux/assoc_array.h.
  private static let mostFanOut: UInt64 = 64
}
