internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Static keys: each site is a jump or an instruction that does nothing, as the key's live value says.
///
/// Source: arch/x86/kernel/jump_label.c, kernel/jump_label.c, include/linux/jump_label.h (Linux v5.10 to v7.2).
struct JumpLabelPatches {
  let facts: KernelFacts
  let tables: PatchTables

  /// Bytes of one entry: the distances to the site, to the target and to the key.
  static let entryByteCount = 16

  func apply(to recreation: Recreation) {
    let table = tables.jumpLabels
    for index in 0..<table.entryCount(of: Self.entryByteCount) {
      let offset = index * Self.entryByteCount
      let address = table.target(at: offset)
      guard let bytes = recreation.image.bytes(at: address, least: 2, most: 5), let site = bytes.baseAddress else {
        continue
      }
      let isShort = Self.isShort(site)
      guard isShort || bytes.count == 5 else { continue }
      let target = table.target(at: offset + 4)
      let keyAndFlags = table.wideTarget(at: offset + 8)
      let key = keyAndFlags & ~3
      guard let enabled = facts.live.value(Int32.self, at: key) else { continue }
      let jumps = (enabled > 0) != (keyAndFlags & 1 != 0)
      var other: [UInt8] { self.code(jumps: !jumps, at: address, to: target, isShort: isShort).array }
      if facts.changing.contains(address)
        || facts.changingKey.allows(key, hasOther: facts.live.bytes(at: address, count: isShort ? 2 : 5) == other)
      {
        recreation.allow(.bytes([other]), at: address)
      }
      let code = code(jumps: jumps, at: address, to: target, isShort: isShort)
      code.withBytes {
        recreation.write(
          .jumpLabel, at: address, site, $0, count: code.count,
          "the key at \(String(key, radix: 16)) counts \(enabled), and the site is "
            + "\(keyAndFlags & 1 != 0 ? "likely" : "unlikely"): it \(jumps ? "jumps" : "does not jump")")
      }
    }
  }

  @inline(__always)
  private func code(jumps: Bool, at address: UInt64, to target: UInt64, isShort: Bool) -> PatchBytes {
    var code = PatchBytes()
    if jumps, isShort {
      code.append(0xeb)
      code.append(UInt8(truncatingIfNeeded: target &- (address &+ 2)))
    } else if jumps {
      code.append(0xe9)
      code.appendDistance(from: address &+ 5, to: target)
    } else {
      for byte in isShort ? facts.nops.byLength[2] : facts.nops.atomic5 { code.append(byte) }
    }
    return code
  }

  /// Whether the vendor's instruction takes two bytes instead of five.
  private static func isShort(_ site: UnsafeMutableRawPointer) -> Bool {
    let first = site.value(UInt8.self)
    return first == 0xeb || first == 0x66 && site.value(UInt8.self, at: 1) == 0x90
  }
}
