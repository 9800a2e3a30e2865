internal import KernelFormats
internal import KernelModel

/// The instructions that do nothing which this kernel pads with, and the kernel's own ways of joining them.
///
/// The bytes are taken from the image: `x86_nops`, or before Linux kernel commit a89dfde3dc3c ("x86: Remove dynamic NOP
/// selection") (in v5.13) the set that the live `ideal_nops` points to.
struct Nops {
  /// By length; the first, of length 0, is empty.
  let byLength: [[UInt8]]
  /// The one of five bytes that is written where a call or a jump may come.
  let atomic5: [UInt8]
  /// Whether the set was chosen at boot: then only runs of `90` are joined, and longer runs are chains.
  let isChosenAtBoot: Bool

  var longest: Int { byLength.count - 1 }

  /// Pads `count` bytes at `place` as `add_nops()` does up to v6.4: as few as possible, one after another.
  func chain(_ place: UnsafeMutableRawPointer, count: Int) {
    var done = 0
    while done < count {
      let part = min(longest, count - done)
      for offset in 0..<part { place.set(byLength[part][offset], at: done + offset) }
      done += part
    }
  }

  /// Pads `count` bytes at `place` as `add_nop()` does: one instruction, or a jump over breakpoints.
  ///
  /// Source: arch/x86/kernel/alternative.c (Linux v6.12).
  func single(_ place: UnsafeMutableRawPointer, count: Int) {
    guard count > 0 else { return }
    if count <= longest {
      for offset in 0..<count { place.set(byLength[count][offset], at: offset) }
      return
    }
    for offset in 0..<count { place.set(0xcc as UInt8, at: offset) }
    if count < 128 {
      place.set(0xeb as UInt8)
      place.set(UInt8(truncatingIfNeeded: count - 2), at: 1)
    } else {
      place.set(0xe9 as UInt8)
      place.set(UInt32(truncatingIfNeeded: count - 5), at: 1)
    }
  }

  /// Joins runs of `90` in `count` bytes at `place`, as `optimize_nops()` does up to v6.2.
  ///
  /// Instructions are decoded from as many bytes as are known behind the site, as the kernel does.
  func joinSingleBytes(_ place: UnsafeMutableRawPointer, count: Int, readable: Int) {
    var offset = 0
    while offset < count {
      guard let shape = X86_64.InstructionShape(UnsafeRawBufferPointer(start: place + offset, count: readable - offset))
      else { return }
      if shape.length == 1, place.value(UInt8.self, at: offset) == 0x90 {
        var end = offset
        while end < count, place.value(UInt8.self, at: end) == 0x90 { end += 1 }
        if end - offset > 1 { chain(place + offset, count: end - offset) }
        offset = end
      } else {
        offset += Int(shape.length)
      }
    }
  }

  /// Joins instructions that do nothing in `count` bytes at `place`, as `optimize_nops()` does since v6.5.
  ///
  /// - Parameter recognisesMore: whether `mov r,r`, `lea 0(r),r` and a jump to the next instruction count too, as since
  ///   v6.17.
  func join(_ place: UnsafeMutableRawPointer, count: Int, recognisesMore: Bool) {
    var offset = 0
    while offset < count {
      let rest = UnsafeRawBufferPointer(start: place + offset, count: count - offset)
      guard let shape = X86_64.InstructionShape(rest) else { return }
      let next = offset + Int(shape.length)
      guard Self.isNop(rest, shape, recognisesMore: recognisesMore) else {
        offset = next
        continue
      }
      if next == count { return }
      var end = next
      while end < count {
        let following = UnsafeRawBufferPointer(start: place + end, count: count - end)
        guard let other = X86_64.InstructionShape(following),
          Self.isNop(following, other, recognisesMore: recognisesMore)
        else { break }
        end += Int(other.length)
      }
      single(place + offset, count: end - offset)
      offset = end
    }
  }

  /// Whether the kernel takes an instruction for one that does nothing.
  ///
  /// Source: insn_is_nop() in arch/x86/kernel/alternative.c (v6.12), arch/x86/lib/insn-eval.c (v7.2).
  static func isNop(_ bytes: UnsafeRawBufferPointer, _ shape: X86_64.InstructionShape, recognisesMore: Bool) -> Bool {
    let first = bytes[0]
    if shape.map == .oneByte, shape.opcode == 0x90 {
      return first != 0xf3 && (!recognisesMore || first & 0xf1 != 0x41)
    }
    if shape.map == .escape0F, shape.opcode == 0x1f {
      return !recognisesMore || (shape.modRM ?? 0) & 0x38 == 0
    }
    return recognisesMore && isSlowNop(bytes, shape)
  }

  /// `mov r,r` and `lea 0(r),r` of 64 bits, and a jump to the next instruction.
  private static func isSlowNop(_ bytes: UnsafeRawBufferPointer, _ shape: X86_64.InstructionShape) -> Bool {
    guard shape.map == .oneByte else { return false }
    switch shape.opcode {
    case 0xeb:
      return bytes[Int(shape.immediateOffset)] == 0
    case 0xe9:
      return bytes.value(UInt32.self, at: Int(shape.immediateOffset)) == 0
    case 0x89, 0x8d:
      guard let modRM = shape.modRM, shape.opcodeOffset > 0 else { return false }
      let rex = bytes[Int(shape.opcodeOffset) - 1]
      guard rex & 0xf8 == 0x48 else { return false }
      let register = (modRM >> 3) & 7 | (rex & 4) << 1
      var base = modRM & 7 | (rex & 1) << 3
      let mode = modRM >> 6
      if shape.opcode == 0x89 { return mode == 3 && register == base }
      guard mode == 1 || mode == 2 else { return false }
      for index in 0..<Int(shape.opcodeOffset) - 1 where bytes[index] != 0x3e { return false }
      if modRM & 7 == 4 {
        let scaleIndexBase = bytes[Int(shape.opcodeOffset) + 2]
        guard scaleIndexBase & 0xf8 == 0x20, rex & 2 == 0 else { return false }
        base = scaleIndexBase & 7 | (rex & 1) << 3
      }
      for index in 0..<Int(shape.displacementByteCount) where bytes[Int(shape.displacementOffset) + index] != 0 {
        return false
      }
      return register == base
    default: return false
    }
  }
}
