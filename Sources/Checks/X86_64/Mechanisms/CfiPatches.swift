internal import KernelFormats
import KernelModel
internal import KernelObjects

/// Checks of indirect calls, kCFI and FineIBT: the hash before each function, and the one that each caller brings.
///
/// Source: `__apply_fineibt()` and what it calls, poison_cfi(), in arch/x86/kernel/alternative.c (Linux v6.12).
struct CfiPatches {
  let facts: KernelFacts
  let tables: PatchTables

  /// Bytes before a function that hold its hash.
  static let preambleByteCount: UInt64 = 16
  /// Bytes before an indirect call that bring one: fineibt_caller_size.
  static let callerByteCount: UInt64 = 14

  /// Works out which checks are in force, and whether hashes were made anew for this boot, from a sample of the places
  /// that have them; ``PatchModes/Cfi/unknown`` where most of these follow none of the ways that are known.
  func decideMode(image: TextImage) {
    guard !tables.cfi.bytes.isEmpty else { return }
    let seed = facts.symbols["cfi_seed"].flatMap { facts.live.value(UInt32.self, at: $0) } ?? 0
    var candidates: [PatchModes.Cfi] = []
    for seed in Set([0, seed]).sorted() {
      for form in PatchModes.Cfi.Form.allCases { candidates.append(.known(form, seed: seed)) }
    }
    var votes = [Int](repeating: 0, count: candidates.count)
    var asked = 0
    let callers = tables.retpolines.sample(65) { address in
      facts.text.contains(address) && Self.callerHash(before: address, image) != nil
    }
    for address in callers {
      asked += 1
      for (index, mode) in candidates.enumerated() where agrees(caller(before: address, image, mode)) {
        votes[index] += 1
      }
    }
    for address in tables.cfi.sample(65, where: facts.text.contains) {
      asked += 1
      for (index, mode) in candidates.enumerated() where agrees(preamble(at: address, image, mode), maybeSealed: true) {
        votes[index] += 1
      }
    }
    guard let best = votes.max(), best * 4 > asked * 3, let index = votes.firstIndex(of: best) else {
      facts.modes.cfi = .unknown
      return
    }
    facts.modes.cfi = candidates[index]
  }

  /// Writes the hashes: before functions, and where callers bring them.
  func apply(to recreation: Recreation) {
    guard case .known(let form, let seed) = facts.modes.cfi else { return }
    let image = recreation.image
    let mode = facts.modes.cfi
    tables.cfi.forEachTarget { address in
      guard let code = preamble(at: address, image, mode) else { return }
      write(code, recreation, "the hash of the function\(seed == 0 ? "" : ", with cfi_seed"), as \(form.words)")
      if form == .fineIBT { poisonEndbr(at: address &+ Self.preambleByteCount, recreation) }
    }
    tables.retpolines.forEachTarget { address in
      guard let code = caller(before: address, image, mode) else { return }
      write(code, recreation, "the hash that the caller expects\(seed == 0 ? "" : ", with cfi_seed"), as \(form.words)")
    }
  }

  /// Takes the hashes away from functions that are never called indirectly.
  func applySeals(to recreation: Recreation) {
    guard case .known(let form, _) = facts.modes.cfi, form != .off else { return }
    let offset: UInt64 = form == .kCFI ? 1 : 7
    tables.endbrSeals.forEachTarget { address in
      let preamble = address &- Self.preambleByteCount
      if form == .fineIBT { poisonEndbr(at: preamble, recreation) }
      guard let start = recreation.image.pointer(at: preamble, count: Int(Self.preambleByteCount)) else { return }
      let site = start + Int(offset)
      let hasHash =
        form == .kCFI
        ? Self.isLoad(start.value(UInt8.self)) : isEndbr(start.value(UInt32.self))
      if !hasHash {
        // The kernel looks for a hash first only since v6.15.
        recreation.allow(.bytes([Array(UnsafeRawBufferPointer(start: site, count: 4))]), at: preamble &+ offset)
      }
      PatchBytes([0, 0, 0, 0]).withBytes {
        recreation.write(.cfi, at: preamble &+ offset, site, $0, count: 4, "the function is never called indirectly")
      }
    }
  }

  /// Everything that the checks may change, whether or not it is known how.
  func places(in image: TextImage) -> [SiteRecord] {
    guard !tables.cfi.bytes.isEmpty else { return [] }
    var places: [SiteRecord] = []
    func add(_ address: UInt64, _ byteCount: UInt64) {
      places.append(SiteRecord(address: address, byteCount: UInt16(byteCount), mechanism: .cfi))
    }
    // The function's own ENDBR64 with it.
    tables.cfi.forEachTarget { add($0, Self.preambleByteCount + 4) }
    tables.endbrSeals.forEachTarget { add($0 &- Self.preambleByteCount, Self.preambleByteCount + 4) }
    // And the call, which newer kernels rewrite with it.
    tables.retpolines.forEachTarget { address in
      if Self.callerHash(before: address, image) != nil {
        add(address &- Self.callerByteCount, Self.callerByteCount + 6)
      }
    }
    return places
  }
}

extension CfiPatches {
  /// Bytes that belong at an address.
  private struct Code {
    var address: UInt64
    var bytes: PatchBytes
    /// Where the hash lies in them.
    var hashOffset: Int
  }

  private func write(_ code: Code, _ recreation: Recreation, _ reason: @autoclosure () -> String) {
    guard let site = recreation.image.pointer(at: code.address, count: code.bytes.count) else { return }
    code.bytes.withBytes {
      recreation.write(.cfi, at: code.address, site, $0, count: code.bytes.count, reason())
    }
  }

  /// Whether memory holds `code`, or it without a hash if the function may be sealed.
  private func agrees(_ code: Code?, maybeSealed: Bool = false) -> Bool {
    guard let code, let memory = facts.live.bytes(at: code.address, count: code.bytes.count) else { return false }
    var expected = code.bytes.array
    if memory == expected { return true }
    guard maybeSealed else { return false }
    for index in 0..<4 { expected[code.hashOffset + index] = 0 }
    // A sealed preamble's ENDBR64 is another instruction.
    let first = code.hashOffset > 4 ? 4 : 0
    return memory[first...].elementsEqual(expected[first...])
  }

  private func preamble(at address: UInt64, _ image: TextImage, _ mode: PatchModes.Cfi) -> Code? {
    guard case .known(let form, let seed) = mode,
      let place = image.pointer(at: address, count: Int(Self.preambleByteCount)), Self.isLoad(place.value(UInt8.self))
    else { return nil }
    let hash = rehash(place.value(UInt32.self, at: 1), seed: seed)
    guard form != .fineIBT else {
      return facts.fineIBT.flatMap { Self.fill($0.preamble, with: hash, at: address) }
    }
    var code = PatchBytes()
    code.append(place.value(UInt8.self))
    code.append(word: hash)
    return Code(address: address, bytes: code, hashOffset: 1)
  }

  private func caller(before call: UInt64, _ image: TextImage, _ mode: PatchModes.Cfi) -> Code? {
    guard case .known(let form, let seed) = mode, let old = Self.callerHash(before: call, image) else { return nil }
    let address = call &- Self.callerByteCount
    let hash = rehash(old, seed: seed)
    guard form != .fineIBT else {
      return facts.fineIBT.flatMap { Self.fill($0.caller, with: hash, at: address) }
    }
    // Without checks, a jump over them.
    var code = PatchBytes(form == .off ? [0xeb, UInt8(Self.callerByteCount - 2)] : Self.load)
    code.append(word: 0 &- hash)
    return Code(address: address, bytes: code, hashOffset: 2)
  }

  private static func fill(_ template: FineIBT.Template, with hash: UInt32, at address: UInt64) -> Code {
    var bytes = template.bytes
    for index in 0..<4 { bytes[template.hashOffset + index] = UInt8(truncatingIfNeeded: hash >> UInt32(index * 8)) }
    return Code(address: address, bytes: PatchBytes(bytes), hashOffset: template.hashOffset)
  }

  /// `mov $hash, %r10d`.
  private static let load: [UInt8] = [0x41, 0xba]

  /// Whether an instruction that begins with `opcode` loads a number into a register: into which one says how many
  /// arguments the function has, since v6.15.
  private static func isLoad(_ opcode: UInt8) -> Bool { opcode & 0xf8 == 0xb8 }

  /// The hash that the compiler had the caller bring, or nil if it brings none.
  private static func callerHash(before call: UInt64, _ image: TextImage) -> UInt32? {
    guard let place = image.pointer(at: call &- callerByteCount, count: Int(callerByteCount)),
      place.value(UInt8.self) == load[0], place.value(UInt8.self, at: 1) == load[1]
    else { return nil }
    let hash = 0 &- place.value(UInt32.self, at: 2)
    return hash == 0 ? nil : hash
  }

  /// cfi_rehash(): no hash may be an ENDBR64.
  private func rehash(_ hash: UInt32, seed: UInt32) -> UInt32 {
    guard seed != 0 else { return hash }
    var hash = hash ^ seed
    // Hardly ever once, and never often: each step comes to another value.
    var steps = 0
    while steps < 64, isEndbr(hash) || isEndbr(0 &- hash) {
      let isOdd = hash & 1 != 0
      hash >>= 1
      if isOdd { hash ^= 0x8020_0003 }
      steps += 1
    }
    return hash
  }

  private func isEndbr(_ value: UInt32) -> Bool {
    value == poison || value & ~0x0100_0000 == SmallPatches.endbr64
  }

  private var poison: UInt32 { facts.modes.sealedEndbr.map { $0.span.integer(UInt32.self, at: 0) ?? 0 } ?? 0x001f_0f66 }

  private func poisonEndbr(at address: UInt64, _ recreation: Recreation) {
    guard let site = recreation.image.pointer(at: address, count: 4), isEndbr(site.value(UInt32.self)) else { return }
    withUnsafeBytes(of: poison.littleEndian) { raw in
      guard let bytes = raw.baseAddress else { return }
      recreation.write(.cfi, at: address, site, bytes, count: 4, "FineIBT: the hash's own ENDBR64 stands for this one")
    }
  }
}

/// The instructions that FineIBT writes before functions and calls, as the kernel's image has them.
struct FineIBT {
  struct Template {
    let bytes: [UInt8]
    let hashOffset: Int
  }

  let preamble: Template
  let caller: Template

  /// - Parameter image: the kernel's own; a module has none.
  init?(symbols: SymbolIndex, image: TextImage) {
    func template(_ name: String, byteCount: UInt64) -> Template? {
      guard let start = symbols["\(name)_start"], let end = symbols["\(name)_end"], end &- start == byteCount,
        let place = image.pointer(at: start, count: Int(byteCount))
      else { return nil }
      let bytes = Array(UnsafeRawBufferPointer(start: place, count: Int(byteCount)))
      // 0x12345678 stands for the hash.
      let offset = (0...bytes.count - 4).first { bytes[$0...].starts(with: [0x78, 0x56, 0x34, 0x12]) }
      return offset.map { Template(bytes: bytes, hashOffset: $0) }
    }
    guard let preamble = template("fineibt_preamble", byteCount: CfiPatches.preambleByteCount),
      let caller = template("fineibt_caller", byteCount: CfiPatches.callerByteCount)
    else { return nil }
    self.preamble = preamble
    self.caller = caller
  }
}
