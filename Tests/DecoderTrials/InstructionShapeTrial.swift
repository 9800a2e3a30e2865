import KernelFormats
import KernelModel

extension DecoderTrial {
  /// An instruction at every offset: its parts lie in it, in order, and no byte outside it has a say.
  static func instructionShape(_ bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { raw in
      for start in raw.indices {
        let rest = UnsafeRawBufferPointer(rebasing: raw[start...])
        guard let shape = Machine.InstructionShape(rest) else { continue }
        let length = Int(shape.length)
        guard (1...Machine.InstructionShape.mostBytes).contains(length), length <= rest.count else { return "too long" }
        guard rest[Int(shape.opcodeOffset)] == shape.opcode else { return "another opcode" }
        let behind = Int(shape.opcodeOffset) + (shape.modRM == nil ? 1 : 2)
        let displacement = Int(shape.displacementOffset) + Int(shape.displacementByteCount)
        let immediate = Int(shape.immediateOffset) + Int(shape.immediateByteCount)
        guard behind <= length, displacement <= length, immediate <= length,
          shape.displacementByteCount == 0 || behind <= Int(shape.displacementOffset),
          shape.immediateByteCount == 0 || max(behind, displacement) <= Int(shape.immediateOffset),
          shape.immediateByteCount == 0 || immediate == length
        else { return "parts out of place" }
        guard !shape.isRIPRelative || shape.displacementByteCount == 4 else { return "no displacement" }
        guard !shape.isRelativeBranch || shape.branchDisplacement?.upperBound == length else { return "no distance" }
        let target = shape.branchTarget(in: rest, at: .max) != nil || shape.operandTarget(in: rest, at: .max) != nil
        guard target == (shape.isRelativeBranch || shape.isRIPRelative) else { return "no target" }
        let alone = UnsafeRawBufferPointer(rebasing: rest[..<length])
        guard Machine.InstructionShape(alone) == shape else { return "the bytes behind it have a say" }
        guard Machine.InstructionShape(UnsafeRawBufferPointer(rebasing: alone.dropLast())) == nil else {
          return "an instruction without its last byte"
        }
      }
      return nil
    }
  }
}
