internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The code that the tracer generated for each of its users, made again from the kernel's own and compared.
///
/// Source: create_trampoline() in arch/x86/kernel/ftrace.c (Linux v5.10 to v7.2).
struct FtraceTrampolines {
  /// Addresses of trampolines that are what they should be.
  private(set) var addresses: [UInt64] = []
  /// How many were made again, and their bytes.
  private(set) var tally = MechanismTally()
  /// What is wrong with others, or with who they call.
  private(set) var violations: [PatchViolation] = []

  private static let returnByteCount = 5

  /// - Parameter image: the kernel's text, with all that was patched before anybody could trace.
  init(facts: KernelFacts, state: FtraceState, image: TextImage, relocates: Bool) {
    for operations in state.operations where operations.trampoline != 0 {
      guard operations.ownsTrampoline else {
        if facts.ownership.isLegitimate(operations.trampoline) { addresses.append(operations.trampoline) }
        continue
      }
      let subject = "ftrace trampoline of \(Self.name(of: operations, facts))"
      guard let code = Code(operations, facts: facts, image: image, relocates: relocates) else { continue }
      guard var memory = facts.live.bytes(at: operations.trampoline, count: code.bytes.count) else { continue }
      let call = code.callOffset..<code.callOffset + 5
      if memory[call.lowerBound] == 0xcc,
        let new = facts.changing.replacement(at: operations.trampoline &+ UInt64(call.lowerBound)), new.count == 5
      {
        memory.replaceSubrange(call, with: new)
      }
      let called =
        operations.trampoline &+ UInt64(code.callOffset + 5)
        &+ UInt64(bitPattern: Int64(memory.span.signed(at: code.callOffset + 1)))
      var expected = code.bytes
      // The call is compared by whom it calls: the users of a trampoline that was kept have gone.
      expected.replaceSubrange(call, with: memory[call])
      // Whether its user's own function may be called is judged with the user: see InterceptionReading.
      let isUsers = called == operations.function || called == operations.savedFunction
      if memory[code.callOffset] != 0xe8 || !isUsers && !facts.ownership.isLegitimate(called) {
        violations.append(
          PatchViolation(
            mechanism: .ftrace, subject: subject, message: "calls code that belongs to no function",
            expected: "a function of the kernel, of a listed module, or of generated code",
            observed: facts.ownership.value(of: called), target: called))
      } else if let wrong = expected.indices.first(where: { expected[$0] != memory[$0] }) {
        violations.append(
          PatchViolation(
            mechanism: .ftrace, subject: subject, message: "is not what the kernel makes of its own entry code",
            expected: "byte \(wrong) is \(String(expected[wrong], radix: 16))",
            observed: "it is \(String(memory[wrong], radix: 16))", target: operations.trampoline))
      } else {
        addresses.append(operations.trampoline)
        tally += MechanismTally(sites: 1, changedBytes: code.bytes.count)
      }
    }
  }

  private static func name(of operations: FtraceState.Operations, _ facts: KernelFacts) -> String {
    facts.ownership.kernel.owner(of: KernelAddress(operations.function)).place?.description ?? "an unknown user"
  }

  /// What a trampoline should be.
  private struct Code {
    var bytes: [UInt8]
    /// Where in it the call of the user's function is.
    var callOffset: Int

    init?(_ operations: FtraceState.Operations, facts: KernelFacts, image: TextImage, relocates: Bool) {
      let prefix = operations.savesRegisters ? "ftrace_regs_caller" : "ftrace_caller"
      let call = operations.savesRegisters ? "ftrace_regs_call" : "ftrace_call"
      guard let start = facts.symbols[prefix], let end = facts.symbols["\(prefix)_end"],
        let pointer = facts.symbols["\(prefix)_op_ptr"], let callAddress = facts.symbols[call],
        end > start, end - start < 4096, Self.contains(start..<end, 7, at: pointer),
        Self.contains(start..<end, 5, at: callAddress), let source = image.pointer(at: start, count: Int(end - start))
      else { return nil }
      let count = Int(end - start)
      bytes = Array(UnsafeRawBufferPointer(start: source, count: count))
      callOffset = Int(callAddress - start)
      if operations.savesRegisters {
        guard let jump = facts.symbols["ftrace_regs_caller_jmp"], Self.contains(start..<end, 2, at: jump) else {
          return nil
        }
        for index in 0..<2 { bytes[Int(jump - start) + index] = facts.nops.byLength[2][index] }
      }
      if relocates {
        bytes.withUnsafeMutableBytes { raw in
          guard let place = raw.baseAddress else { return }
          AlternativePatches.relocate(
            place, count: count, at: operations.trampoline, from: start, sourceByteCount: count)
          facts.nops.join(place, count: count, recognisesMore: true)
        }
      }
      let address = operations.trampoline
      let end0 = address &+ UInt64(count)
      let returnsByThunk =
        facts.modes.usesReturnThunk
        && (facts.returnThunk != facts.symbols["its_return_thunk"] || end0 & 0x20 == 0)
      // The address of the operations lies behind the return, and the code loads it from there.
      let distance = UInt32(
        truncatingIfNeeded: count + FtraceTrampolines.returnByteCount - Int(pointer - start) - 7)
      for shift in 0..<4 {
        bytes[Int(pointer - start) + 3 + shift] = UInt8(truncatingIfNeeded: distance >> (shift * 8))
      }
      if returnsByThunk, let thunk = facts.returnThunk {
        var jump = PatchBytes()
        jump.append(0xe9)
        jump.appendDistance(from: end0 &+ 5, to: thunk)
        bytes += jump.array
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: operations.address >> (UInt64(shift) * 8))) }
      } else {
        bytes += [0xc3, 0xcc]
      }
    }

    /// Whether the `count` bytes at `address` lie in `range`.
    private static func contains(_ range: Range<UInt64>, _ count: UInt64, at address: UInt64) -> Bool {
      range.contains(address) && range.upperBound - address >= count
    }
  }
}

extension Span<UInt8> {
  /// The signed distance in the four bytes at `offset`; 0 if they are not all there.
  fileprivate func signed(at offset: Int) -> Int32 {
    Int32(bitPattern: UInt32(integer(UInt32.self, at: offset) ?? 0))
  }
}
