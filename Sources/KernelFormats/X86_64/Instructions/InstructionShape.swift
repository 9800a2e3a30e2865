package import KernelModel

extension X86_64 {
  /// Where the parts of one x86-64 instruction lie, in 64-bit mode: prefixes, opcode, ModRM, displacement, immediate.
  ///
  /// It says nothing of what the instruction does, and is quick: some 10 ns, where capstone takes a microsecond. Offsets
  /// are bytes from the instruction's first byte. Source: Intel 64 and IA-32 Architectures Software Developer's Manual,
  /// volume 2, chapter 2 and appendix A; for VEX and EVEX, only the three opcode maps below.
  package struct InstructionShape: InstructionBounds {
    /// The table of opcodes that ``opcode`` is a number in.
    package enum Map: UInt8, Hashable, Sendable {
      case oneByte
      /// `0f`, or the map 1 of VEX and EVEX.
      case escape0F
      /// `0f 38`, or the map 2 of VEX and EVEX.
      case escape0F38
      /// `0f 3a`, or the map 3 of VEX and EVEX.
      case escape0F3A
    }

    package static let mostBytes = 15
    package static let alignment = 1

    /// Bytes of the whole instruction, 1 to 15.
    package private(set) var length: UInt8 = 0
    /// Where ``opcode`` is: behind legacy prefixes, REX, VEX or EVEX, and the escape bytes `0f`, `0f 38` and `0f 3a`.
    package private(set) var opcodeOffset: UInt8 = 0
    /// The opcode's last byte: `8f` of `0f 8f`.
    package private(set) var opcode: UInt8 = 0
    package private(set) var map = Map.oneByte
    /// The ModRM byte, which follows the opcode, or nil if the instruction has none.
    package private(set) var modRM: UInt8?
    package private(set) var displacementOffset: UInt8 = 0
    /// Bytes of the displacement: 0, 1 or 4; 8 for the absolute address of `a0` to `a3`.
    package private(set) var displacementByteCount: UInt8 = 0
    package private(set) var immediateOffset: UInt8 = 0
    /// Bytes of the immediate or of the branch's distance: 0, 1, 2, 4 or 8; 3 for `enter`, which has two, and 2 for the two
    /// of `extrq` and `insertq`.
    package private(set) var immediateByteCount: UInt8 = 0
    /// Whether the displacement counts from the next instruction.
    package private(set) var isRIPRelative = false

    /// The instruction that `bytes` start with, or nil if they are none, or only the beginning of one.
    package init?(_ bytes: UnsafeRawBufferPointer) {
      guard let shape = Self(within: bytes) else { return nil }
      self = shape
    }

    @inline(__always)
    init?(within bytes: UnsafeRawBufferPointer) {
      let limit = min(bytes.count, Self.mostBytes)
      guard limit > 0 else { return nil }
      var position = 0
      var prefixes = Prefixes()
      var next = bytes[0]
      var operands = OpcodeOperands(next)
      while operands.isPrefix {
        prefixes.take(next)
        position += 1
        guard position < limit else { return nil }
        next = bytes[position]
        operands = OpcodeOperands(next)
      }
      if operands.isEscape {
        var isVector = false
        var byteCount = 1
        switch next {
        case 0x0f:
          guard position + 1 < limit else { return nil }
          let second = bytes[position + 1]
          map = second == 0x38 ? .escape0F38 : second == 0x3a ? .escape0F3A : .escape0F
          byteCount = map == .escape0F ? 1 : 2
        default:
          // VEX of three and of two bytes, and EVEX of four; each refuses the prefixes that it holds itself.
          guard !prefixes.excludeVector, position + 1 < limit else { return nil }
          let number = next == 0xc5 ? 1 : bytes[position + 1] & (next == 0xc4 ? 0x1f : 0x07)
          guard let vectorMap = Map(rawValue: number), vectorMap != .oneByte else { return nil }
          map = vectorMap
          byteCount = next == 0xc5 ? 2 : next == 0xc4 ? 3 : 4
          isVector = true
        }
        position += byteCount
        guard position < limit else { return nil }
        next = bytes[position]
        operands = OpcodeOperands(next, map: map, isVector: isVector)
      }
      opcode = next
      opcodeOffset = UInt8(truncatingIfNeeded: position)
      position += 1

      if operands.isGroup { operands = .group(opcode, position < limit ? bytes[position] : 0) }
      guard !operands.isNone else { return nil }
      if operands.hasModRM {
        guard position < limit else { return nil }
        let modRM = bytes[position]
        self.modRM = modRM
        position += 1
        // The moves to and from control and debug registers know no memory, whatever ModRM's first two bits say.
        let mode = map == .escape0F && opcode & 0xfc == 0x20 ? 3 : modRM >> 6
        var hasBase = true
        if mode != 3, modRM & 7 == 4 {
          guard position < limit else { return nil }
          hasBase = mode != 0 || bytes[position] & 7 != 5
          position += 1
        }
        isRIPRelative = mode == 0 && modRM & 7 == 5
        displacementByteCount = mode == 1 ? 1 : mode == 2 || isRIPRelative || !hasBase ? 4 : 0
      } else if operands.hasAbsoluteAddress {
        displacementByteCount = prefixes.addressesAre32Bits ? 4 : 8
      }
      displacementOffset = displacementByteCount == 0 ? 0 : UInt8(truncatingIfNeeded: position)
      position += Int(displacementByteCount)
      immediateByteCount = operands.immediateByteCount(prefixes)
      immediateOffset = immediateByteCount == 0 ? 0 : UInt8(truncatingIfNeeded: position)
      position += Int(immediateByteCount)
      guard position <= limit else { return nil }
      length = UInt8(truncatingIfNeeded: position)
    }

    /// Whether it is `call` of an address ±2 GiB away: `e8`.
    @inlinable
    package var isCallRel32: Bool { map == .oneByte && opcode == 0xe8 }
    /// Whether it is `jmp` to an address ±2 GiB away: `e9`.
    @inlinable
    package var isJumpRel32: Bool { map == .oneByte && opcode == 0xe9 }
    /// Whether it is `jmp` to an address ±128 bytes away: `eb`.
    @inlinable
    package var isJumpRel8: Bool { map == .oneByte && opcode == 0xeb }
    /// Whether it is a jump on a condition: `70` to `7f`, and `0f 80` to `0f 8f`.
    @inlinable
    package var isConditionalJump: Bool {
      map == .oneByte ? opcode & 0xf0 == 0x70 : map == .escape0F && opcode & 0xf0 == 0x80
    }
    /// Whether it is `loopne`, `loope`, `loop` or `jrcxz`: `e0` to `e3`.
    @inlinable
    package var isLoop: Bool { map == .oneByte && opcode & 0xfc == 0xe0 }
    /// Whether it goes to an address that is said relative to the next instruction.
    @inlinable
    package var isRelativeBranch: Bool { isCallRel32 || isJumpRel32 || isJumpRel8 || isConditionalJump || isLoop }

    /// Whether it is a relative branch that reaches further than 128 bytes: into another function.
    @inlinable
    package var isFarBranch: Bool { immediateByteCount == 4 && isRelativeBranch }

    /// Whether it is `int3`: `cc`.
    package var isBreakpoint: Bool { map == .oneByte && opcode == 0xcc }
    /// Whether it calls or jumps to an address that a register or memory holds: `ff /2` to `/5`.
    package var isIndirectBranch: Bool {
      map == .oneByte && opcode == 0xff && (2...5).contains(modRM.map { $0 >> 3 & 7 } ?? 0)
    }
    /// Whether the instruction behind it is not the next: `ret` and `jmp`.
    package var endsFlow: Bool {
      isJumpRel32 || isJumpRel8 || map == .oneByte && (opcode == 0xc3 || opcode == 0xc2)
        || isIndirectBranch && (modRM.map { $0 >> 3 & 7 >= 4 } ?? false)
    }

    /// Where its displacement and its immediate lie in it.
    package var operands: [Range<Int>] {
      [(displacementOffset, displacementByteCount), (immediateOffset, immediateByteCount)].compactMap { offset, count in
        count == 0 ? nil : Int(offset)..<Int(offset) + Int(count)
      }
    }

    /// The addresses that it may mean: where a relative branch leads, a RIP-relative operand, an immediate of 4 bytes, whose sign
    /// counts, or of 8.
    ///
    /// - Parameters: as of ``branchTarget(in:at:)``.
    package func addresses(in bytes: UnsafeRawBufferPointer, at address: UInt64) -> [UInt64] {
      var found = [branchTarget(in: bytes, at: address), operandTarget(in: bytes, at: address)].compactMap(\.self)
      let offset = Int(immediateOffset)
      guard !isRelativeBranch, offset + Int(immediateByteCount) <= bytes.count else { return found }
      if immediateByteCount == 8 { found.append(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
      if immediateByteCount == 4 {
        found.append(UInt64(bitPattern: Int64(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))))
      }
      return found
    }

    /// Where the distance of a relative branch lies in the instruction: 1 or 4 bytes, or nil if it is no such branch.
    package var branchDisplacement: Range<Int>? {
      isRelativeBranch ? Int(immediateOffset)..<Int(immediateOffset) + Int(immediateByteCount) : nil
    }

    /// Where a relative branch goes to, or nil if it is no such branch.
    ///
    /// - Parameters:
    ///   - bytes: the bytes that this was decoded from.
    ///   - address: where the first of them lies.
    package func branchTarget(in bytes: UnsafeRawBufferPointer, at address: UInt64) -> UInt64? {
      branchDisplacement.flatMap { target(of: $0, in: bytes, at: address) }
    }

    /// Which address a RIP-relative operand means, or nil if there is none.
    ///
    /// - Parameters: as of ``branchTarget(in:at:)``.
    package func operandTarget(in bytes: UnsafeRawBufferPointer, at address: UInt64) -> UInt64? {
      guard isRIPRelative else { return nil }
      return target(of: Int(displacementOffset)..<Int(displacementOffset) + 4, in: bytes, at: address)
    }

    /// The address that the 1 or 4 bytes of `range` are the distance to, or nil if `bytes` are too few.
    private func target(of range: Range<Int>, in bytes: UnsafeRawBufferPointer, at address: UInt64) -> UInt64? {
      guard range.upperBound <= bytes.count else { return nil }
      let distance =
        range.count == 1
        ? Int64(Int8(bitPattern: bytes[range.lowerBound]))
        : Int64(bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Int32.self))
      return address &+ UInt64(length) &+ UInt64(bitPattern: distance)
    }
  }
}
