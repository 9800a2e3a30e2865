internal import KernelModel

/// Executable memory in which nothing can be done: breakpoints, and jumps to where a register says.
///
/// The kernel fills executable memory that it keeps for later with breakpoints (mm/execmem.c, Linux v7.2), and gives the
/// thunks of the ITS mitigation pages that nothing lists: only in the upper half of a cache line, each followed by a
/// breakpoint. Source: its_init_thunk() in arch/x86/kernel/alternative.c (Linux v6.12, v7.2).
enum HarmlessCode {
  private static let breakpoint: UInt8 = 0xcc

  /// Whether all of `page` is harmless; not if it cannot be read.
  static func fills(_ page: Range<UInt64>, _ memory: any KernelMemory) -> Bool {
    do throws(MemoryFault) {
      return isHarmless(try memory.bytes(at: KernelAddress(page.lowerBound), count: page.count))
    } catch {
      return false
    }
  }

  /// Whether there is nothing but breakpoints in `ranges`, which lie in one page; not if it cannot be read.
  static func isTrapping(_ ranges: [Range<UInt64>], _ memory: any KernelMemory) -> Bool {
    ranges.allSatisfy { range in
      do throws(MemoryFault) {
        return try memory.bytes(at: KernelAddress(range.lowerBound), count: range.count).allSatisfy { $0 == breakpoint }
      } catch {
        return false
      }
    }
  }

  static func isHarmless(_ bytes: [UInt8]) -> Bool {
    var position = 0
    while position < bytes.count {
      if bytes[position] == breakpoint {
        position += 1
        continue
      }
      guard position % 64 >= 32, let end = endOfThunk(bytes, at: position) else { return false }
      position = end
    }
    return true
  }

  /// Where the thunk at `position` ends, or nil if there is none: `jmp *%reg`, and three bytes before it that trap where
  /// FineIBT is paranoid.
  private static func endOfThunk(_ bytes: [UInt8], at position: Int) -> Int? {
    var rest = bytes[position...]
    if rest.starts(with: [0xd6, 0x75, 0xfd]) { rest = rest.dropFirst(3) }
    if rest.first == 0x41 { rest = rest.dropFirst() }
    guard rest.count >= 2, rest[rest.startIndex] == 0xff, (0xe0...0xe7).contains(rest[rest.startIndex + 1]) else {
      return nil
    }
    return rest.startIndex + 2
  }
}
