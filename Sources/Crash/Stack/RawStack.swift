package import KernelModel
package import KernelObjects

/// Every word of a stack that points to code, whatever an unwinder makes of it.
///
/// A function that is done leaves its return address behind until something else is written there: a word is a trace of
/// what ran, and no proof that it had not returned.
package struct RawStack: Sendable {
  /// What was read of the stack.
  package var region: MemoryRegion
  /// Lowest address first: the innermost first.
  package var words: [Word]
  /// Where reading failed; nil if all of it was read.
  package var fault: MemoryFault?
  /// Frames of the unwound trace that lie on this stack and are not among the words: there is no code where they lead.
  package var missingFrames: [StackFrame]

  package struct Word: Hashable, Sendable {
    package var address: KernelAddress
    package var value: KernelAddress
    package var owner: Owner
    /// The call that ends there, if one does.
    package var call: CallSite?
    /// Whether the unwound trace goes through it.
    package var isUnwound: Bool
    /// Whether the call leads to the function that the next frame inwards was in; nil if a register or memory says where it
    /// leads, or there is no such frame.
    ///
    /// A function may be left for another by a jump, so a no is no proof.
    package var leadsInwards: Bool?

    package var isNobodys: Bool {
      if case .nobody = owner { true } else { false }
    }
  }

  /// The words of nobody's code behind a call: what an unwinder without tables for it cannot go through.
  package var nobodysReturns: [Word] { words.filter { $0.isNobodys && $0.call != nil } }

  /// - Parameters:
  ///   - region: from the stack pointer up to the end of the stack.
  ///   - trace: what an unwinder found.
  package init(_ kernel: Kernel, _ reader: Snapshot, region: MemoryRegion, trace: StackTrace) {
    let code = CodePlaces(kernel, reader)
    let start = (region.start.rawValue &+ 7) & ~7
    let byteCount = min(region.byteCount, Self.mostBytes)
    self.region = MemoryRegion(start: region.start, byteCount: byteCount)
    let slots = Set(trace.frames.compactMap(\.slot))
    words = []
    for offset in stride(from: 0, to: byteCount & ~7, by: 8) {
      guard let address = KernelAddress(start).advanced(by: offset), self.region.contains(address) else { break }
      guard let value = reader.word(at: address.rawValue).map({ KernelAddress($0) }) else {
        fault = fault ?? reader.live.latestFault
        continue
      }
      guard code.isCode(value) else { continue }
      let call = code.call(endingAt: value)
      words.append(
        Word(
          address: address, value: value,
          // What no call ends at is the address of a function, and not of what would be behind one.
          owner: call == nil ? kernel.owner(of: value) : kernel.owner(ofReturnTo: value), call: call,
          isUnwound: slots.contains(address), leadsInwards: nil))
    }
    let found = Set(words.map(\.address))
    let area = self.region
    missingFrames = trace.frames.filter { frame in
      frame.slot.map { area.contains($0) && !found.contains($0) } ?? false
    }
    for index in words.indices {
      words[index].leadsInwards = Self.leadsInwards(words[index], trace, code)
    }
  }

  /// Larger than any stack of a kernel.
  private static let mostBytes: UInt64 = 1 << 18

  private static func leadsInwards(_ word: Word, _ trace: StackTrace, _ code: CodePlaces) -> Bool? {
    guard let callee = word.call?.callee, let called = code.function(of: callee) else { return nil }
    // The frame whose own return address lies nearest below; the innermost has none.
    let inner = trace.frames.last { frame in
      frame.slot.map { $0 < word.address } ?? (frame.stackPointer <= word.address)
    }
    guard let inner,
      let place = code.function(of: inner.address.retreated(by: inner.isInterrupted ? 0 : 1) ?? inner.address)
    else { return nil }
    return place == called
  }
}
