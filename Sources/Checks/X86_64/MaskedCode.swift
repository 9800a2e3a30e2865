internal import KernelFormats
internal import KernelModel

/// The code of one function with zeros in place of every address and of every distance to one.
///
/// The bytes that are left are the same wherever a module was loaded. What the kernel patches by processor and setting (calls
/// through retpolines, calls for tracing) is not undone: hosts that differ in those may differ here.
struct MaskedCode {
  private(set) var bytes: [UInt8] = []

  /// A function's bytes that are looked at, at most.
  static let longest = 4096

  /// The function that `code` begins with: up to the return, or the jump, that no branch seen before leads past.
  init(_ code: UnsafeRawBufferPointer) {
    let code = UnsafeRawBufferPointer(rebasing: code.prefix(Self.longest))
    var furthest = 0
    while bytes.count < code.count {
      let start = bytes.count
      let rest = UnsafeRawBufferPointer(rebasing: code[start...])
      guard let shape = X86_64.InstructionShape(rest) else { break }
      let length = Int(shape.length)
      var instruction = Array(rest.prefix(length))
      Self.mask(&instruction, shape)
      bytes += instruction
      if shape.isRelativeBranch, !shape.isCallRel32, !shape.isJumpRel32,
        let target = shape.branchTarget(in: rest, at: UInt64(start)), target < UInt64(code.count)
      {
        furthest = max(furthest, Int(target))
      }
      if Self.endsFlow(shape), furthest < bytes.count { break }
    }
  }

  private static func mask(_ instruction: inout [UInt8], _ shape: X86_64.InstructionShape) {
    func clear(_ offset: UInt8, _ count: UInt8, where isAddress: (UInt64) -> Bool) {
      let range = Int(offset)..<Int(offset) + Int(count)
      guard range.upperBound <= instruction.count else { return }
      let value = UInt64(littleEndianBytes: instruction[range])
      guard isAddress(value) else { return }
      for index in range { instruction[index] = 0 }
    }
    let isDistance = shape.isRIPRelative
    clear(shape.displacementOffset, shape.displacementByteCount) {
      isDistance || mayBeAddress($0, byteCount: shape.displacementByteCount)
    }
    let isLongBranch = shape.isRelativeBranch && shape.immediateByteCount == 4
    clear(shape.immediateOffset, shape.immediateByteCount) {
      isLongBranch || mayBeAddress($0, byteCount: shape.immediateByteCount)
    }
  }

  /// Whether a number of so many bytes, sign-extended, lies where the kernel and its modules do, or anywhere in the kernel's
  /// half.
  ///
  /// Source: Documentation/arch/x86/x86_64/mm.rst (Linux v6.12): text from ffffffff80000000, modules up to ffffffffff000000.
  private static func mayBeAddress(_ value: UInt64, byteCount: UInt8) -> Bool {
    switch byteCount {
    case 4:
      (X86_64.imageSpace.start.rawValue..<X86_64.modulesEnd.rawValue).contains(value | 0xffff_ffff_0000_0000)
    case 8: value >= X86_64.kernelHalf.rawValue
    default: false
    }
  }

  /// Whether nothing runs on from it: a return, `jmp`, or `ud2`.
  private static func endsFlow(_ shape: X86_64.InstructionShape) -> Bool {
    switch shape.map {
    case .oneByte where shape.opcode == 0xff:
      // jmp to where a register or memory says, near or far
      shape.modRM.map { ($0 >> 3 & 7) == 4 || ($0 >> 3 & 7) == 5 } ?? false
    case .oneByte: [0xc2, 0xc3, 0xca, 0xcb, 0xcf].contains(shape.opcode) || shape.isJumpRel32 || shape.isJumpRel8
    case .escape0F: shape.opcode == 0x0b
    case .escape0F38, .escape0F3A: false
    }
  }
}
