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
  let facts: KernelFacts
  let callDepth: CallDepthPatches
  /// Function starts of the object that is compared: the first at or after an address.
  let functionStart: (UInt64) -> UInt64?

  private(set) var runs: [UnexplainedRun] = []
  private(set) var unreadable: [MemoryFault] = []
  /// Bytes compared.
  private(set) var byteCount: UInt64 = 0
  /// Bytes that differ and that no mechanism produces.
  private(set) var unexplained = 0
  private var thunkPages: [UInt64: Bool] = [:]
  private let mostRuns: Int

  private static let chunk = 256 << 10
  /// Runs kept; what comes after them is only counted.
  static let mostRuns = 4096

  init(
    _ recreation: Recreation, facts: KernelFacts, callDepth: CallDepthPatches,
    functionStart: @escaping (UInt64) -> UInt64?, mostRuns: Int = Self.mostRuns
  ) {
    self.recreation = recreation
    self.facts = facts
    self.callDepth = callDepth
    self.functionStart = functionStart
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
      if let end = legalEnd(at: address &+ UInt64(index), live) {
        index = max(Int(clamping: end &- address), index + 1)
        continue
      }
      note(address &+ UInt64(index), observed: bytes[index], expected: expected.value(UInt8.self, at: index))
      index += 1
    }
  }

  /// Where the site around `address` ends, if memory holds another of the byte strings that are legal there.
  private mutating func legalEnd(at address: UInt64, _ live: LivePages) -> UInt64? {
    for distance in 0..<UInt64(recreation.longestChoice) {
      let start = address &- distance
      guard let choice = recreation.choices[start] else { continue }
      guard let count = byteCount(of: choice, at: start, live), start &+ UInt64(count) > address else { return nil }
      return start &+ UInt64(count)
    }
    return padEnd(at: address, live)
  }

  /// How many bytes of memory at `address` are what `choice` allows, or nil.
  private mutating func byteCount(of choice: SiteChoice, at address: UInt64, _ live: LivePages) -> Int? {
    switch choice {
    case .bytes(let strings):
      return strings.first { live.bytes(at: address, count: $0.count) == $0 }?.count
    case .call(let targets):
      guard let bytes = live.bytes(at: address, count: 5), bytes[0] == 0xe8 else { return nil }
      let distance = bytes.span.integer(UInt32.self, at: 1) ?? 0
      let target = address &+ 5 &+ UInt64(bitPattern: Int64(Int32(bitPattern: distance)))
      return targets.contains(target) ? 5 : nil
    case .indirectThunk(let register):
      return thunkByteCount(register: register, at: address, live)
    }
  }

  /// Whether memory at `address` branches, with the instruction that is expected there, to a thunk of `register`.
  private mutating func thunkByteCount(register: UInt8, at address: UInt64, _ live: LivePages) -> Int? {
    guard let expected = recreation.image.pointer(at: address, count: 5) else { return nil }
    let opcodeByteCount = expected.value(UInt8.self) == 0xe8 || expected.value(UInt8.self) == 0xe9 ? 1 : 2
    guard let bytes = live.bytes(at: address, count: opcodeByteCount + 4) else { return nil }
    for index in 0..<opcodeByteCount where bytes[index] != expected.value(UInt8.self, at: index) { return nil }
    let distance = Int32(bitPattern: bytes.span.integer(UInt32.self, at: opcodeByteCount) ?? 0)
    let target = address &+ UInt64(bytes.count) &+ UInt64(bitPattern: Int64(distance))
    let code: [UInt8] = (register >= 8 ? [0x41] : []) + [0xff, 0xe0 + (register & 7), 0xcc]
    guard target & 0x20 != 0, live.bytes(at: target, count: code.count) == code,
      isThunkPage(Machine.pageStart(target), live)
    else { return nil }
    return bytes.count
  }

  /// Whether a page holds such thunks and nothing else.
  private mutating func isThunkPage(_ page: UInt64, _ live: LivePages) -> Bool {
    if let known = thunkPages[page] { return known }
    let bytes = live.bytes(at: page, count: Int(Machine.pageSize))
    var isPure = bytes != nil
    if let bytes {
      var index = 0
      while index < bytes.count {
        if bytes[index] == 0xcc {
          index += 1
          continue
        }
        let start = bytes[index] == 0x41 ? index + 1 : index
        guard start + 2 < bytes.count, bytes[start] == 0xff, bytes[start + 1] & 0xf8 == 0xe0, bytes[start + 2] == 0xcc
        else {
          isPure = false
          break
        }
        index = start + 3
      }
    }
    thunkPages[page] = isPure
    return isPure
  }

  /// Where the padding around `address` ends, if memory holds what call depth tracking makes of it, or nothing.
  private func padEnd(at address: UInt64, _ live: LivePages) -> UInt64? {
    guard facts.modes.tracksCallDepth, let count = callDepth.padByteCount,
      let function = functionStart(address &+ 1), function &- address <= UInt64(count),
      let memory = live.bytes(at: function &- UInt64(count), count: count)
    else { return nil }
    let isLegal = memory.allSatisfy { $0 == 0x90 } || memory == callDepth.pad(before: function)
    return isLegal ? function : nil
  }

  private mutating func note(_ address: UInt64, observed: UInt8, expected: UInt8) {
    unexplained += 1
    if let last = runs.last, last.observed.count < 256, let between = gap(after: last, before: address) {
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

  /// The few bytes between a run and `address`, or nil if they are many, or not known.
  private func gap(after run: UnexplainedRun, before address: UInt64) -> [UInt8]? {
    let end = run.address.rawValue &+ UInt64(run.observed.count)
    guard address >= end, address - end <= 4 else { return nil }
    guard address > end else { return [] }
    return recreation.image.pointer(at: end, count: Int(address - end)).map {
      Array(UnsafeRawBufferPointer(start: $0, count: Int(address - end)))
    }
  }
}
