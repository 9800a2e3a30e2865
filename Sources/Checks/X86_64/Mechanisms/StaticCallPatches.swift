internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Static calls: each site calls the function that the key holds, and so does the key's trampoline.
///
/// Source: arch/x86/kernel/static_call.c, kernel/static_call_inline.c (Linux 5.10.262 to v7.2).
struct StaticCallPatches {
  private let facts: KernelFacts
  private let tables: PatchTables
  private let callDepth: CallDepthPatches
  private let keys: StaticCallKeys
  /// Functions for which something else than a call is written; looked up once, not for each site.
  private let returnsZero: UInt64?
  private let trapsWarning: UInt64?

  init(facts: KernelFacts, tables: PatchTables, callDepth: CallDepthPatches, keys: StaticCallKeys) {
    self.facts = facts
    self.tables = tables
    self.callDepth = callDepth
    self.keys = keys
    returnsZero = facts.nops.isChosenAtBoot ? nil : facts.symbols["__static_call_return0"]
    trapsWarning = facts.symbols["__WARN_trap"]
  }

  /// Bytes of one entry: the distances to the site and to the key, which carries two flags.
  static let entryByteCount = 8

  func applySites(to recreation: Recreation) {
    let table = tables.staticCalls
    var judged: Set<UInt64> = []
    for index in 0..<table.entryCount(of: Self.entryByteCount) {
      let offset = index * Self.entryByteCount
      let address = table.target(at: offset)
      guard let site = recreation.image.bytes(at: address, least: 5, most: 6) else { continue }
      let keyAndFlags = table.target(at: offset + 4)
      apply(
        to: recreation, at: address, site, key: keys.key(for: keyAndFlags & ~3), isTail: keyAndFlags & 1 != 0, &judged)
    }
  }

  /// The trampolines, which stand for the call wherever it is not inlined.
  func applyTrampolines(to recreation: Recreation) {
    for trampoline in keys.trampolines {
      guard let site = recreation.image.pointer(at: trampoline.address, count: 5),
        site.value(UInt8.self) == 0xe9 || site.value(UInt8.self) == 0xc3,
        let function = facts.live.value(UInt64.self, at: trampoline.key)
      else { continue }
      judge(function, name: trampoline.name, recreation)
      defer { allowEarlier(trampoline.key, at: trampoline.address, site, recreation) }
      guard function != 0 else {
        writeReturn(at: trampoline.address, site, isTrampoline: true, recreation)
        continue
      }
      recreation.writeBranch(
        .staticCall, at: trampoline.address, site, opcode: 0xe9, to: function,
        "static call \(trampoline.name) is \(facts.ownership.words(for: function))")
    }
  }

  private func apply(
    to recreation: Recreation, at address: UInt64, _ bytes: UnsafeMutableRawBufferPointer, key: UInt64, isTail: Bool,
    _ judged: inout Set<UInt64>
  ) {
    guard let site = bytes.baseAddress, let function = facts.live.value(UInt64.self, at: key) else { return }
    if judged.insert(key).inserted { judge(function, name: name(ofKey: key, at: address), recreation) }
    defer { allowEarlier(key, at: address, site, recreation) }
    let isConditional = bytes.count == 6 && bytes[0] == 0x0f && bytes[1] & 0xf0 == 0x80
    let reason = { "static call: the key at \(String(key, radix: 16)) is \(facts.ownership.words(for: function))" }
    if isTail, isConditional {
      writeConditional(at: address, site, to: function, recreation, reason())
    } else if isTail {
      guard function != 0 else {
        writeReturn(at: address, site, recreation)
        return
      }
      recreation.writeBranch(.staticCall, at: address, site, opcode: 0xe9, to: function, reason())
    } else {
      writeCall(at: address, site, to: function, recreation, reason())
    }
  }

  /// Where the kernel stopped while it set the key, a site may still do what the key held before: nobody knows what, but it was a
  /// function with an owner, or none.
  private func allowEarlier(
    _ key: UInt64, at address: UInt64, _ site: UnsafeMutableRawPointer, _ recreation: Recreation
  ) {
    let isConditional = site.value(UInt8.self) == 0x0f && site.value(UInt8.self, at: 1) & 0xf0 == 0x80
    let count = isConditional ? 6 : 5
    var bytes: [UInt8] { facts.live.bytes(at: address, count: count) ?? [] }
    func isEarlier(_ bytes: [UInt8]) -> Bool {
      let written = Array(UnsafeRawBufferPointer(start: site, count: count))
      guard bytes.count == count, bytes != written else { return false }
      guard [0xe8, 0xe9].contains(bytes[0]) || isConditional && bytes[..<2] == written[..<2] else {
        return [facts.nops.atomic5, Self.clear, Self.warning, Self.plainReturn].contains(bytes)
      }
      let distance = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: count - 4, as: Int32.self) }
      return facts.ownership.isLegitimate(address &+ UInt64(count) &+ UInt64(bitPattern: Int64(distance)))
    }
    guard facts.changingCall.allows(key, hasOther: isEarlier(bytes)) else { return }
    var choices = [bytes]
    if case .bytes(let others) = recreation.choices[address] { choices += others }
    recreation.allow(.bytes(choices), at: address)
  }

  /// What a key is called: by its trampoline, or, where no trampoline is known, by its first site.
  private func name(ofKey key: UInt64, at site: UInt64) -> String {
    if let name = keys.name(ofKey: key) { return name }
    let place = facts.ownership.kernel.owner(of: KernelAddress(site)).place
    return "static call at \(place?.description ?? "an unknown place")"
  }

  private func writeCall(
    at address: UInt64, _ site: UnsafeMutableRawPointer, to function: UInt64, _ recreation: Recreation,
    _ reason: @autoclosure () -> String
  ) {
    guard function != 0 else {
      write(facts.nops.atomic5, at: address, site, recreation, "the key is empty")
      return
    }
    let target = callDepth.translated(function)
    if function == returnsZero {
      write(Self.clear, at: address, site, recreation, "a call of __static_call_return0 is `xor eax, eax`")
      if target != function { recreation.allow(.bytes([call(target, from: address)]), at: address) }
      return
    }
    if function == trapsWarning {
      write(Self.warning, at: address, site, recreation, "a call of __WARN_trap is `ud1`")
      if target != function { recreation.allow(.bytes([call(target, from: address)]), at: address) }
      return
    }
    recreation.writeBranch(.staticCall, at: address, site, opcode: 0xe8, to: target, reason())
    // The call is led to the padding only if it was made after call depth tracking had begun.
    if target != function { recreation.allow(.bytes([call(function, from: address)]), at: address) }
  }

  private func writeConditional(
    at address: UInt64, _ site: UnsafeMutableRawPointer, to function: UInt64, _ recreation: Recreation,
    _ reason: @autoclosure () -> String
  ) {
    var target = function
    if target == 0 {
      target = (facts.modes.usesReturnThunk ? facts.returnThunk : facts.symbols["__static_call_return"]) ?? 0
    }
    var code = PatchBytes()
    code.append(0x0f)
    code.append(site.value(UInt8.self, at: 1))
    code.appendDistance(from: address &+ 6, to: target)
    code.withBytes { recreation.write(.staticCall, at: address, site, $0, count: 6, reason()) }
  }

  /// A return: written before or after the kernel decided on return thunks, so both forms are legal.
  ///
  /// The trampoline of a key that never held anything is as the compiler left it: `ret; int3; nop; nop; nop` where the
  /// kernel has no return thunks (ARCH_DEFINE_STATIC_CALL_NULL_TRAMP in arch/x86/include/asm/static_call.h, Linux v6.12).
  private func writeReturn(
    at address: UInt64, _ site: UnsafeMutableRawPointer, isTrampoline: Bool = false, _ recreation: Recreation
  ) {
    var forms = [Self.plainReturn]
    if let thunk = facts.returnThunk {
      var jump = PatchBytes()
      jump.append(0xe9)
      jump.appendDistance(from: address &+ 5, to: thunk)
      forms.append(jump.array)
    }
    if isTrampoline, site.value(UInt8.self) == 0xc3 {
      forms.append(Array(UnsafeRawBufferPointer(start: site, count: 5)))
    }
    if forms.count > 1 { recreation.allow(.bytes(forms), at: address) }
    write(Self.plainReturn, at: address, site, recreation, "the key is empty: a return")
  }

  private func write(
    _ bytes: [UInt8], at address: UInt64, _ site: UnsafeMutableRawPointer, _ recreation: Recreation, _ reason: String
  ) {
    PatchBytes(bytes).withBytes {
      recreation.write(.staticCall, at: address, site, $0, count: bytes.count, reason)
    }
  }

  private func call(_ target: UInt64, from address: UInt64) -> [UInt8] {
    PatchBytes(branch: 0xe8, from: address, to: target).array
  }

  /// `ret; int3; int3; int3; int3`.
  private static let plainReturn: [UInt8] = [0xc3, 0xcc, 0xcc, 0xcc, 0xcc]
  /// `cs cs cs xor eax, eax`.
  private static let clear: [UInt8] = [0x2e, 0x2e, 0x2e, 0x31, 0xc0]
  /// `ud1 (edx), rdi`.
  private static let warning: [UInt8] = [0x67, 0x48, 0x0f, 0xb9, 0x3a]

  /// A key must hold a function of the kernel, of a listed module or of generated code.
  private func judge(_ function: UInt64, name: String, _ recreation: Recreation) {
    guard function != 0, !facts.ownership.isLegitimate(function),
      !recreation.violations.contains(where: { $0.mechanism == .staticCall && $0.subject == name }),
      !recreation.leftovers.contains(where: { $0.subject == name })
    else { return }
    if facts.ownership.isLeftover(function, facts.live) {
      recreation.leftovers.append(Leftover(subject: name, target: function))
      return
    }
    recreation.violations.append(
      PatchViolation(
        mechanism: .staticCall, subject: name,
        message: "the static call points to no function of the kernel or of a module",
        expected: "a function of the kernel, of a listed module, or of generated code that the kernel lists",
        observed: facts.ownership.value(of: function), target: function))
  }
}
