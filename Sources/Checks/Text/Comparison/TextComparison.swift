internal import Glibc
internal import KernelFormats
package import KernelModel
internal import KernelObjects

/// A run of bytes in memory that no mechanism produces.
package struct UnexplainedRun: Hashable, Sendable {
  package var address: KernelAddress
  package var expected: [UInt8]
  package var observed: [UInt8]
  /// How many of the bytes differ: a run may have equal bytes in its middle.
  package var differing: Int
}

/// Compares memory with what it should hold, stretch by stretch.
struct TextComparison {
  let recreation: Recreation
  /// Where memory may hold other bytes.
  private var sites: Machine.LegalSites

  private(set) var runs: [UnexplainedRun] = []
  private(set) var unreadable: [MemoryFault] = []
  /// Bytes compared.
  private(set) var byteCount: UInt64 = 0
  /// Bytes that differ and that no mechanism produces.
  private(set) var unexplained = 0
  private let mostRuns: Int

  private static let chunk = 256 << 10
  /// Runs kept; what comes after them is only counted.
  static let mostRuns = 4096

  init(
    _ recreation: Recreation, _ sites: Machine.LegalSites, mostRuns: Int = Self.mostRuns
  ) {
    self.recreation = recreation
    self.sites = sites
    self.mostRuns = mostRuns
  }

  /// Compares `region`, reading it from `memory`.
  mutating func compare(_ region: Range<UInt64>, in memory: any KernelMemory) {
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: Int(Machine.pageSize))
    defer { room.deallocate() }
    var position = region.lowerBound
    // Where a chunk cannot be read, its pages are read one by one: what is withheld must not hide what lies beside it.
    var pagewiseEnd = position
    while position < region.upperBound {
      let most = position < pagewiseEnd ? Machine.pageSize - Machine.offsetInPage(position) : UInt64(Self.chunk)
      let count = Int(min(most, region.upperBound - position))
      guard let expected = recreation.image.pointer(at: position, count: count) else { return }
      let part = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
      do throws(MemoryFault) {
        var span = part.mutableBytes
        try memory.read(at: KernelAddress(position), into: &span)
        byteCount += UInt64(count)
        if let read = part.baseAddress, memcmp(read, expected, count) != 0 {
          inspect(UnsafeRawBufferPointer(part), expected, at: position, in: memory)
        }
      } catch {
        if position >= pagewiseEnd {
          pagewiseEnd = position + UInt64(count)
          continue
        }
        unreadable.append(error)
      }
      position += UInt64(count)
    }
  }

  /// Looks at memory that belongs to code and holds none: it is filled with zeros, or with breakpoints.
  mutating func compareSlack(_ region: Range<UInt64>, in memory: any KernelMemory) {
    guard !region.isEmpty, region.count <= 1 << 24 else { return }
    do throws(MemoryFault) {
      let bytes = try memory.bytes(at: KernelAddress(region.lowerBound), count: region.count)
      byteCount += UInt64(bytes.count)
      for (index, byte) in bytes.enumerated() where !Machine.isFiller(byte) {
        note(region.lowerBound &+ UInt64(index), observed: byte, expected: 0)
      }
    } catch {
      unreadable.append(error)
    }
  }

  /// Looks at each byte that differs.
  private mutating func inspect(
    _ bytes: UnsafeRawBufferPointer, _ expected: UnsafeMutableRawPointer, at address: UInt64,
    in memory: any KernelMemory
  ) {
    let live = LivePages(memory)
    var index = 0
    let count = bytes.count
    while index < count {
      if index + 8 <= count, bytes.value(UInt64.self, at: index) == expected.value(UInt64.self, at: index) {
        index += 8
        continue
      }
      guard bytes[index] != expected.value(UInt8.self, at: index) else {
        index += 1
        continue
      }
      if let end = sites.end(around: address &+ UInt64(index), live) {
        index = max(Int(clamping: end &- address), index + 1)
        continue
      }
      note(address &+ UInt64(index), observed: bytes[index], expected: expected.value(UInt8.self, at: index))
      index += 1
    }
  }

  private mutating func note(_ address: UInt64, observed: UInt8, expected: UInt8) {
    unexplained += 1
    if let last = runs.last, last.observed.count < 256,
      let between = recreation.image.gap(after: last, before: address)
    {
      // A few equal bytes between two changed ones belong to the same change.
      runs[runs.count - 1].expected += between + [expected]
      runs[runs.count - 1].observed += between + [observed]
      runs[runs.count - 1].differing += 1
      return
    }
    guard runs.count < mostRuns else { return }
    runs.append(
      UnexplainedRun(address: KernelAddress(address), expected: [expected], observed: [observed], differing: 1))
  }
}

extension TextImage {
  /// The few bytes between a run and `address`, which are the same on both sides; nil if they are many, or not known.
  func gap(after run: UnexplainedRun, before address: UInt64) -> [UInt8]? {
    let end = run.address.rawValue &+ UInt64(run.observed.count)
    guard address >= end, address - end <= 4 else { return nil }
    guard address > end else { return [] }
    return pointer(at: end, count: Int(address - end)).map {
      Array(UnsafeRawBufferPointer(start: $0, count: Int(address - end)))
    }
  }
}
