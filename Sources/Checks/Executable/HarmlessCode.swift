internal import KernelModel
internal import KernelObjects

/// Executable memory in which nothing can be done: breakpoints, and whatever else the architecture says does no harm.
///
/// The kernel fills executable memory that it keeps for later with breakpoints (mm/execmem.c, Linux v7.2).
enum HarmlessCode {
  /// Whether all of `page` is harmless; not if it cannot be read.
  static func fills(_ page: Range<UInt64>, _ memory: any KernelMemory) -> Bool {
    do throws(MemoryFault) {
      return Machine.isHarmless(try memory.bytes(at: KernelAddress(page.lowerBound), count: page.count))
    } catch {
      return false
    }
  }

  /// Whether there is nothing but breakpoints in `ranges`, which lie in one page; not if it cannot be read.
  static func isTrapping(_ ranges: [Range<UInt64>], _ memory: any KernelMemory) -> Bool {
    ranges.allSatisfy { range in
      do throws(MemoryFault) {
        return Machine.isTrapping(try memory.bytes(at: KernelAddress(range.lowerBound), count: range.count))
      } catch {
        return false
      }
    }
  }
}
