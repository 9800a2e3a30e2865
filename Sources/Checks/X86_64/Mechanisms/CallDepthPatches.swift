internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Call depth tracking: calls are led to the padding before the function, which counts and falls into it.
///
/// Source: arch/x86/kernel/callthunks.c (Linux v6.12, v7.2).
struct CallDepthPatches {
  let facts: KernelFacts
  let tables: PatchTables
  /// Functions that keep their own count, or none: skip_addr().
  private let skipped: Set<UInt64>
  private let skippedCode: Range<UInt64>

  init(facts: KernelFacts, tables: PatchTables) {
    self.facts = facts
    self.tables = tables
    let names = [
      "error_entry", "paranoid_entry", "xen_error_entry", "__switch_to_asm", "ret_from_fork", "ret_from_fork_asm",
      "soft_restart_cpu", "__fentry__",
    ]
    skipped = Set(names.compactMap { facts.symbols[$0] })
    if let start = facts.symbols["__relocate_kernel_start"], let end = facts.symbols["__relocate_kernel_end"] {
      skippedCode = start..<max(start, end)
    } else {
      // KEXEC_CONTROL_CODE_MAX_SIZE.
      skippedCode = facts.symbols["relocate_kernel"].map { $0..<max($0, $0 &+ 2048) } ?? 0..<0
    }
  }

  /// How many bytes before a function its counting instructions begin, or nil where there are none.
  var padByteCount: Int? { facts.callThunk?.bytes.count }

  /// Leads the calls of ``PatchTables/calls`` to the paddings, and fills these.
  func apply(to recreation: Recreation) {
    guard facts.modes.tracksCallDepth, let thunk = facts.callThunk else { return }
    var known: [UInt64: Bool] = [:]
    tables.calls.forEachTarget { address in trackCall(at: address, thunk, recreation, &known) }
  }

  /// The same for calls that were chosen as alternatives, up to v6.14.
  func applyToAlternatives(to recreation: Recreation) {
    guard facts.modes.tracksCallDepth, facts.modes.tracksAlternativeCalls, let thunk = facts.callThunk else { return }
    let size = tables.alternativeByteCount
    var known: [UInt64: Bool] = [:]
    for index in 0..<tables.alternatives.entryCount(of: size) {
      trackCall(at: tables.alternatives.target(at: index * size), thunk, recreation, &known)
    }
  }

  /// What the bytes of the padding before `function` are once it counts.
  func pad(before function: UInt64) -> [UInt8]? {
    facts.callThunk.map { pad(before: function, $0) }
  }

  /// Where a call of `function` goes: to the padding, if that may count.
  func translated(_ function: UInt64) -> UInt64 {
    guard facts.modes.tracksCallDepth, let count = padByteCount, !skips(function) else { return function }
    return function &- UInt64(count)
  }

  private func pad(before function: UInt64, _ thunk: CallThunk) -> [UInt8] {
    let count = thunk.bytes.count
    var bytes = thunk.bytes
    bytes.withUnsafeMutableBytes { raw in
      guard let place = raw.baseAddress else { return }
      AlternativePatches.relocate(
        place, count: count, at: function &- UInt64(count), from: thunk.address, sourceByteCount: count)
      facts.nops.join(place, count: count, recognisesMore: true)
    }
    return bytes
  }

  /// - Parameter known: of functions that were called before, whether their padding counts.
  private func trackCall(
    at address: UInt64, _ thunk: CallThunk, _ recreation: Recreation, _ known: inout [UInt64: Bool]
  ) {
    let image = recreation.image
    guard tables.callRange?.contains(address) ?? true, let site = image.pointer(at: address, count: 5),
      site.value(UInt8.self) == 0xe8
    else { return }
    let function = site.branchTarget(at: address, displacementOffset: 1)
    let padAddress = function &- UInt64(thunk.bytes.count)
    let counts: Bool
    if let before = known[function] {
      counts = before
    } else {
      counts = !skips(function) && isPadded(function, padAddress, thunk, recreation)
      known[function] = counts
    }
    guard counts else { return }
    recreation.writeBranch(
      .callDepth, at: address, site, opcode: 0xe8, to: padAddress, "the call is led to its function's padding")
  }

  /// Whether the padding before `function` counts, once a call of it was led there; in the object's own copy it is made
  /// to.
  private func isPadded(
    _ function: UInt64, _ padAddress: UInt64, _ thunk: CallThunk, _ recreation: Recreation
  ) -> Bool {
    let pad = pad(before: function, thunk)
    guard let place = recreation.image.pointer(at: padAddress, count: pad.count) else {
      // The kernel's, which a module calls, or another module's: memory says whether the kernel could fill it, and that
      // memory is verified where it belongs. Code of the initialisation is no core text, and is gone.
      let end = facts.symbols["_end"] ?? facts.text.upperBound
      if function >= facts.text.upperBound, function < end { return false }
      return facts.live.bytes(at: padAddress, count: pad.count) == pad
    }
    let current = UnsafeRawBufferPointer(start: place, count: pad.count)
    if current.elementsEqual(pad) { return true }
    guard current.allSatisfy({ $0 == 0x90 }) else { return false }
    pad.withUnsafeBytes { raw in
      guard let bytes = raw.baseAddress else { return }
      recreation.write(
        .callDepth, at: padAddress, place, bytes, count: pad.count, "the padding of a function that is called")
    }
    return true
  }

  private func skips(_ function: UInt64) -> Bool { skipped.contains(function) || skippedCode.contains(function) }
}

/// The instructions that count a call, `skl_call_thunk_template`, and where they lie: what they refer to is counted
/// from there.
struct CallThunk {
  let address: UInt64
  let bytes: [UInt8]

  /// - Parameter image: the kernel's own; a module has none.
  init?(symbols: SymbolIndex, image: TextImage) {
    guard let start = symbols["skl_call_thunk_template"], let end = symbols["skl_call_thunk_tail"], end > start,
      end - start <= 32, let place = image.pointer(at: start, count: Int(end - start))
    else { return nil }
    address = start
    bytes = Array(UnsafeRawBufferPointer(start: place, count: Int(end - start)))
  }
}
