internal import KernelFormats
internal import KernelModel
internal import KernelObjects

extension X86_64 {
  /// Byte strings that are as legal at a site as the one that was written there.
  enum SiteChoice: LegalChoice {
    /// Any of these.
    case bytes([[UInt8]])
    /// A near call of any of these addresses.
    case call([UInt64])
    /// A branch, with the same bytes before its distance, to a thunk `jmp *register; int3` in the upper half of a cache
    /// line.
    case indirectThunk(register: UInt8)

    var mostBytes: Int {
      switch self {
      case .bytes(let strings): strings.map(\.count).max() ?? 0
      case .call: 5
      case .indirectThunk: 6
      }
    }
  }

  struct LegalSites: LegalSiteReading {
    private let recreation: Recreation
    private let facts: KernelFacts
    private let callDepth: CallDepthPatches
    private let functionStart: (UInt64) -> UInt64?
    /// By page: whether it holds thunks and nothing else.
    private var thunkPages: [UInt64: Bool] = [:]

    init(_ patching: PatchSequence, in recreation: Recreation, functionStart: @escaping (UInt64) -> UInt64?) {
      self.recreation = recreation
      facts = patching.facts
      callDepth = patching.callDepth
      self.functionStart = functionStart
    }

    mutating func end(around address: UInt64, _ live: LivePages) -> UInt64? {
      for distance in 0..<UInt64(recreation.longestChoice) {
        let start = address &- distance
        guard let choice = recreation.choices[start] else { continue }
        guard let count = byteCount(of: choice, at: start, live), start &+ UInt64(count) > address else { return nil }
        return start &+ UInt64(count)
      }
      return padEnd(at: address, live)
    }

    /// How many bytes of memory at `address` are what `choice` allows, or nil.
    private mutating func byteCount(of choice: X86_64.SiteChoice, at address: UInt64, _ live: LivePages) -> Int? {
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
      let code: [UInt8] = (register >= 8 ? [0x41] : []) + [0xff, 0xe0 + (register & 7), X86_64.breakpoint]
      guard target & 0x20 != 0, live.bytes(at: target, count: code.count) == code,
        isThunkPage(X86_64.pageStart(target), live)
      else { return nil }
      return bytes.count
    }

    /// Whether a page holds such thunks and nothing else.
    private mutating func isThunkPage(_ page: UInt64, _ live: LivePages) -> Bool {
      if let known = thunkPages[page] { return known }
      let bytes = live.bytes(at: page, count: Int(X86_64.pageSize))
      var isPure = bytes != nil
      if let bytes {
        var index = 0
        while index < bytes.count {
          if bytes[index] == X86_64.breakpoint {
            index += 1
            continue
          }
          let start = bytes[index] == 0x41 ? index + 1 : index
          guard start + 2 < bytes.count, bytes[start] == 0xff, bytes[start + 1] & 0xf8 == 0xe0,
            bytes[start + 2] == X86_64.breakpoint
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
  }
}
