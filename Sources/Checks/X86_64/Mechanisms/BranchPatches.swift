internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Indirect branches and returns: what the mitigations of speculation that are in force make of them.
///
/// Source: apply_retpolines(), patch_retpoline(), apply_returns() and patch_return() in arch/x86/kernel/alternative.c
/// (Linux 5.10.262, 6.1.192, v6.12, v7.2).
struct BranchPatches {
  let facts: KernelFacts
  let tables: PatchTables

  /// Works out, from a sample of sites, which mode the kernel follows; the mode is then demanded of every site.
  func decideModes(image: TextImage) {
    decideRetpolines(image: image)
    decideReturns(image: image)
  }

  func applyRetpolines(to recreation: Recreation) {
    guard let thunks = facts.symbols["__x86_indirect_thunk_array"] else { return }
    let mode = facts.modes.retpoline
    tables.retpolines.forEachTarget { address in
      guard let bytes = recreation.image.bytes(at: address, least: 5, most: 6), let site = bytes.baseAddress,
        let branch = Site(bytes, at: address, thunks: thunks)
      else { return }
      if let code = self.code(for: branch, at: address, mode: mode) {
        code.withBytes {
          recreation.write(.retpoline, at: address, site, $0, count: code.count, "the kernel's mode is \(mode)")
        }
        if case .indirect(_, true, _) = mode, code.array.last != 0xcc, isThunkCall(code, branch) {
          recreation.allow(.indirectThunk(register: branch.register), at: address)
        }
      } else {
        recreation.keep(.retpoline, at: address, "the kernel's mode is \(mode)")
      }
    }
  }

  func applyReturns(to recreation: Recreation) {
    guard let own = facts.symbols["__x86_return_thunk"] else { return }
    let avoids = facts.returnThunk != nil && facts.returnThunk == facts.symbols["its_return_thunk"]
    let thunk = facts.modes.usesReturnThunk ? facts.returnThunk : nil
    var sites = 0
    var changed = 0
    tables.returns.forEachTarget { address in
      guard let site = recreation.image.pointer(at: address, count: 5) else { return }
      // gcc writes a plain jump, which is nearly every site there is.
      let isPlain = site.value(UInt8.self) == 0xe9
      guard let byteCount = isPlain ? 5 : Self.jumpByteCount(at: address, recreation.image),
        site.branchTarget(at: address, displacementOffset: byteCount - 4) == own,
        !Self.isTrampoline(address, recreation.image)
      else { return }
      if !isPlain || recreation.isTraced(address, count: byteCount) {
        writeReturn(to: thunk, avoidsLowerHalf: avoids, at: address, site, byteCount: byteCount, recreation)
        return
      }
      sites += 1
      if let thunk, !avoids || address & 0x20 == 0 {
        let distance = UInt32(truncatingIfNeeded: thunk &- (address &+ 5))
        let old = site.value(UInt32.self, at: 1)
        guard old != distance else { return }
        changed += (old ^ distance).nonzeroByteCount
        site.set(distance, at: 1)
      } else {
        // The opcode, and what follows it.
        changed += 1 + (site.value(UInt32.self, at: 1) ^ 0xcccc_cccc).nonzeroByteCount
        site.set(0xc3 as UInt8)
        site.set(0xcccc_cccc as UInt32, at: 1)
      }
    }
    recreation.count(.returnThunk, sites: sites, changedBytes: changed)
  }

  /// Whether the bytes behind a return are the mark of a static call's trampoline, which is not patched here.
  private static func isTrampoline(_ address: UInt64, _ image: TextImage) -> Bool {
    guard let mark = image.pointer(at: address &+ 5, count: 3) else { return false }
    return mark.value(UInt8.self) == 0x0f && mark.value(UInt8.self, at: 1) == 0xb9
      && mark.value(UInt8.self, at: 2) == 0xcc
  }

  /// How long the jump at `address` is, if it is one of 32 bits with a prefix: clang's `cs jmp`.
  private static func jumpByteCount(at address: UInt64, _ image: TextImage) -> Int? {
    guard let bytes = image.bytes(at: address, least: 5, most: X86_64.InstructionShape.mostBytes),
      let shape = X86_64.InstructionShape(UnsafeRawBufferPointer(bytes)), shape.isJumpRel32,
      shape.immediateOffset + 4 == shape.length
    else { return nil }
    return Int(shape.length)
  }

  /// Writes a return into all `byteCount` bytes of the compiler's jump; what it leaves of them are breakpoints.
  private func writeReturn(
    to thunk: UInt64?, avoidsLowerHalf: Bool, at address: UInt64, _ site: UnsafeMutableRawPointer, byteCount: Int,
    _ recreation: Recreation
  ) {
    var code = PatchBytes()
    let jump = avoidsLowerHalf && address & 0x20 != 0 ? nil : thunk
    if let jump {
      code.append(0xe9)
      code.appendDistance(from: address &+ 5, to: jump)
    } else {
      code.append(0xc3)
    }
    while code.count < byteCount { code.append(0xcc) }
    code.withBytes {
      recreation.write(
        .returnThunk, at: address, site, $0, count: byteCount,
        jump.map { "returns go through x86_return_thunk, \(facts.ownership.words(for: $0))" }
          ?? "no return thunk is in force here")
    }
  }
}

// MARK: - Retpolines

extension BranchPatches {
  /// A call of a thunk, as the compiler left it.
  private struct Site {
    var register: UInt8
    var byteCount: Int
    var isCall: Bool
    /// The second opcode byte of a conditional jump.
    var condition: UInt8?

    init?(_ bytes: UnsafeMutableRawBufferPointer, at address: UInt64, thunks: UInt64) {
      guard let site = bytes.baseAddress, let shape = X86_64.InstructionShape(UnsafeRawBufferPointer(bytes)),
        shape.immediateByteCount == 4
      else { return nil }
      isCall = shape.isCallRel32
      guard isCall || shape.isJumpRel32 || shape.isConditionalJump else { return nil }
      if shape.isConditionalJump { condition = shape.opcode }
      byteCount = Int(shape.length)
      let target = site.branchTarget(at: address, displacementOffset: Int(shape.immediateOffset))
      let place = target &- thunks
      guard place & 31 == 0, place < 16 * 32 else { return nil }
      register = UInt8(place / 32)
    }
  }

  /// What a site becomes, or nil if it stays.
  private func code(for site: Site, at address: UInt64, mode: PatchModes.Retpoline) -> PatchBytes? {
    switch mode {
    case .keep: return nil
    case .callDepth:
      let name = site.isCall ? "__x86_indirect_call_thunk_array" : "__x86_indirect_jump_thunk_array"
      guard let array = facts.symbols[name] else { return nil }
      return trampoline(for: site, at: address, to: array &+ UInt64(site.register) * 32)
    case .indirect(let lfence, let avoids, let padding):
      return indirect(site, at: address, lfence: lfence, avoidsLowerHalf: avoids, padding: padding)
    }
  }

  private func trampoline(for site: Site, at address: UInt64, to target: UInt64) -> PatchBytes {
    var code = PatchBytes()
    if let condition = site.condition {
      code.append(0x0f)
      code.append(condition)
    } else {
      if site.byteCount == 6 { code.append(0x2e) }
      code.append(site.isCall ? 0xe8 : 0xe9)
    }
    code.appendDistance(from: address &+ UInt64(site.byteCount), to: target)
    return code
  }

  private func indirect(
    _ site: Site, at address: UInt64, lfence: Bool, avoidsLowerHalf: Bool, padding: PatchModes.Padding
  ) -> PatchBytes? {
    var code = PatchBytes()
    if let condition = site.condition {
      code.append(0x70 + (condition & 0xf ^ 1))
      code.append(UInt8(site.byteCount - 2))
    }
    if lfence { for byte in [0x0f, 0xae, 0xe8] as [UInt8] { code.append(byte) } }
    let extended = site.register >= 8
    if avoidsLowerHalf, (address &+ UInt64(code.count) &+ (extended ? 2 : 1)) & 0x20 == 0 {
      guard let array = facts.symbols["__x86_indirect_its_thunk_array"] else { return nil }
      // The static thunk; where the kernel made one of its own, memory says which, and it is looked at.
      return trampoline(for: site, at: address, to: array &+ UInt64(site.register) * 64)
    }
    let length = 2 + (extended ? 1 : 0)
    let isCall = site.isCall
    if padding == .prefixesOrBreakpoints, isCall {
      let spare = site.byteCount - code.count - length
      if spare > 0, spare <= 3 { for _ in 0..<spare { code.append(0x2e) } }
    }
    if extended { code.append(0x41) }
    code.append(0xff)
    code.append((isCall ? 0xd0 : 0xe0) + (site.register & 7))
    guard code.count <= site.byteCount else { return nil }
    if padding == .prefixesOrBreakpoints, !isCall { while code.count < site.byteCount { code.append(0xcc) } }
    if padding == .breakpointThenNops, !isCall, code.count < site.byteCount { code.append(0xcc) }
    let end = code.count
    while code.count < site.byteCount { code.append(0x90) }
    return end < site.byteCount ? joined(code) : code
  }

  private func joined(_ code: PatchBytes) -> PatchBytes {
    var bytes = code.array
    let count = bytes.count
    bytes.withUnsafeMutableBytes { raw in
      guard let place = raw.baseAddress else { return }
      if tables.alternativeByteCount == 14 {
        facts.nops.join(place, count: count, recognisesMore: true)
      } else {
        facts.nops.joinSingleBytes(place, count: count, readable: count)
      }
    }
    return PatchBytes(bytes)
  }

  private func isThunkCall(_ code: PatchBytes, _ site: Site) -> Bool {
    code.count == site.byteCount
      && (code.array.first.map { $0 == 0xe8 || $0 == 0xe9 || $0 == 0x2e || $0 == 0x0f } ?? false)
  }

  private func decideRetpolines(image: TextImage) {
    guard let thunks = facts.symbols["__x86_indirect_thunk_array"] else { return }
    let sites = tables.retpolines.sample(65) { address in facts.text.contains(address) }
    let paddings: [PatchModes.Padding] = [.breakpointThenNops, .prefixesOrBreakpoints, .nops]
    var candidates: [PatchModes.Retpoline] = [.keep, .callDepth]
    for padding in paddings {
      for lfence in [false, true] {
        for avoids in [false, true] {
          candidates.append(.indirect(lfence: lfence, avoidsLowerHalf: avoids, padding: padding))
        }
      }
    }
    var votes = [Int](repeating: 0, count: candidates.count)
    for address in sites {
      guard let bytes = image.bytes(at: address, least: 5, most: 6), let place = bytes.baseAddress,
        let site = Site(bytes, at: address, thunks: thunks),
        let memory = facts.live.bytes(at: address, count: site.byteCount)
      else { continue }
      let unchanged = Array(UnsafeRawBufferPointer(start: place, count: site.byteCount))
      for (index, mode) in candidates.enumerated() {
        let expected = code(for: site, at: address, mode: mode)?.array ?? unchanged
        if expected == memory { votes[index] += 1 }
      }
    }
    // The first of equals: the simplest that explains as much.
    if let best = votes.max(), best > 0, let index = votes.firstIndex(of: best) {
      facts.modes.retpoline = candidates[index]
    }
  }

  private func decideReturns(image: TextImage) {
    let sites = tables.returns.sample(65) { address in
      facts.text.contains(address) && !Self.isTrampoline(address, image)
    }
    var jumps = 0
    var returns = 0
    for address in sites {
      switch facts.live.value(UInt8.self, at: address) {
      case 0xe9: jumps += 1
      case 0xc3: returns += 1
      default: break
      }
    }
    // Where ITS is mitigated, only returns in the lower half of a cache line are jumps.
    facts.modes.usesReturnThunk =
      facts.returnThunk == facts.symbols["its_return_thunk"] && facts.returnThunk != nil
      ? jumps > 0 && jumps * 4 > returns : jumps > returns
  }
}
