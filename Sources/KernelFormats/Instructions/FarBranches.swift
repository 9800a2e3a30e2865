internal import KernelModel

/// The direct branches in code that reach further than 128 bytes.
package enum FarBranches {
  /// Decodes one instruction after another, and calls `body` with where each such branch stands and where it leads; where
  /// there is no instruction, a byte is passed over.
  package static func forEach(in bytes: [UInt8], at start: UInt64, _ body: (_ place: UInt64, _ target: UInt64) -> Void)
  {
    bytes.withUnsafeBytes { raw in
      var offset = 0
      while offset < raw.count {
        let rest = UnsafeRawBufferPointer(rebasing: raw[offset...])
        guard let shape = Machine.InstructionShape(within: rest) else {
          offset += Machine.InstructionShape.alignment
          continue
        }
        let place = start &+ UInt64(offset)
        if shape.isFarBranch, let target = shape.branchTarget(in: rest, at: place) { body(place, target) }
        offset += Int(shape.length)
      }
    }
  }

  /// Calls `body` with where the distance of a branch stands, and where that leads, wherever one may stand that `isWanted`.
  ///
  /// Whether an instruction begins just there is for ``forEach(in:at:_:)`` to say, of the function around it.
  package static func forEachPossible(
    in bytes: [UInt8], at start: UInt64, where isWanted: (_ target: UInt64) -> Bool,
    _ body: (_ distance: UInt64, _ target: UInt64) -> Void
  ) {
    bytes.withUnsafeBytes { raw in
      Machine.forEachPossibleBranch(in: raw, at: start) { offset, target in
        if isWanted(target) { body(start &+ UInt64(offset), target) }
      }
    }
  }
}
