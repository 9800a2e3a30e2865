internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// How this kernel writes an ``OrcEntry``.
///
/// The members' places are the kernel's own types'. What their numbers mean those do not say:
/// * `type`: with a member `end` beside it, 0 to 2 are call, registers and partial registers (Linux v5.10, v6.1); without, 0
///   and 1 are undefined and end of stack, and the three follow (v6.12, v7.2).
/// * registers: v7.2 numbers them otherwise than v6.12. Nearly all code is found by its stack pointer, which is 5 or 3: the
///   table says itself which.
struct OrcLayout {
  let byteCount: Int
  private let reader: Snapshot
  private let stackPointerOffset, framePointerOffset, stackPointer, framePointer, type: BTF.Member
  /// A member of its own before v6.4.
  private let end: BTF.Member?
  private let signal: BTF.Member?
  private(set) var numbering = Numbering.first

  /// What the numbers of registers mean.
  enum Numbering: Hashable {
    /// v5.10 to v6.12.
    case first
    /// v7.2.
    case second

    func register(_ number: UInt64) -> OrcEntry.Register {
      let names: [OrcEntry.Register] =
        switch self {
        case .first:
          [
            .undefined, .previousStackPointer, .dx, .di, .framePointer, .stackPointer, .r10, .r13,
            .framePointerIndirect, .stackPointerIndirect,
          ]
        case .second:
          [
            .undefined, .ax, .dx, .stackPointer, .framePointer, .di, .r10, .r13, .previousStackPointer,
            .stackPointerIndirect, .framePointerIndirect,
          ]
        }
      return number < UInt64(names.count) ? names[Int(number)] : .unknown(number)
    }
  }

  private static let sampleCount: UInt64 = 256

  /// - Parameter table: the kernel's own entries, of which a sample votes.
  init(_ reader: Snapshot, table: Range<UInt64>) throws(CannotCheck) {
    self.reader = reader
    byteCount = try reader.types.byteCount(of: "orc_entry")
    func member(_ name: String) throws(CannotCheck) -> BTF.Member { try reader.types.member(name, of: "orc_entry") }
    stackPointerOffset = try member("sp_offset")
    framePointerOffset = try member("bp_offset")
    stackPointer = try member("sp_reg")
    framePointer = try member("bp_reg")
    type = try member("type")
    end = reader.types.structure("orc_entry")?.member("end")
    signal = reader.types.structure("orc_entry")?.member("signal")

    let count = UInt64(table.upperBound - table.lowerBound) / UInt64(byteCount)
    var votes = (first: 0, second: 0)
    for number in 0..<min(count, Self.sampleCount) {
      let place = table.lowerBound &+ number * (count / min(count, Self.sampleCount)) * UInt64(byteCount)
      switch reader.number(stackPointer, at: place) {
      case 5: votes.first += 1
      case 3: votes.second += 1
      default: break
      }
    }
    numbering = votes.second > votes.first ? .second : .first
  }

  /// The entry at `address`, or nil if it cannot be read.
  func entry(at address: UInt64) -> OrcEntry? {
    guard let stackPointerOffset = reader.number(stackPointerOffset, at: address),
      let framePointerOffset = reader.number(framePointerOffset, at: address),
      let stackPointer = reader.number(stackPointer, at: address),
      let framePointer = reader.number(framePointer, at: address), let type = reader.number(type, at: address)
    else { return nil }
    let base = numbering.register(stackPointer)
    let kind = kind(type, base, isEnd: end.flatMap { reader.number($0, at: address) } == 1)
    let isInterrupted =
      signal.map { reader.number($0, at: address) == 1 } ?? (kind == .registers || kind == .partialRegisters)
    return OrcEntry(
      stackPointer: base, stackPointerOffset: Int16(truncatingIfNeeded: stackPointerOffset),
      framePointer: numbering.register(framePointer),
      framePointerOffset: Int16(truncatingIfNeeded: framePointerOffset), kind: kind, isInterrupted: isInterrupted)
  }

  private func kind(_ type: UInt64, _ base: OrcEntry.Register, isEnd: Bool) -> OrcEntry.Kind {
    guard end != nil else {
      return switch type {
      case 1: .endOfStack
      case 2: .call
      case 3: .registers
      case 4: .partialRegisters
      default: .undefined
      }
    }
    if base == .undefined { return isEnd ? .endOfStack : .undefined }
    return switch type {
    case 0: .call
    case 1: .registers
    case 2: .partialRegisters
    default: .undefined
    }
  }
}
