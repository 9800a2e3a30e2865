/// Call depth tracking: calls are led to the padding before the function, which counts and falls into it.
///
/// Source: arch/x86/kernel/callthunks.c (Linux v6.12, v7.2).
struct CallDepthPatches {
  let facts: KernelFacts
  let tables: PatchTables

  /// The instructions that count, and where they lie in the image; nil where the kernel has none.
  private func template(in image: TextImage) -> (address: UInt64, bytes: UnsafeMutableRawPointer, count: Int)? {
    guard let start = facts.symbols["skl_call_thunk_template"], let end = facts.symbols["skl_call_thunk_tail"],
      end > start, end - start <= 32, let bytes = image.pointer(at: start, count: Int(end - start))
    else { return nil }
    return (start, bytes, Int(end - start))
  }

  /// How many bytes before a function its counting instructions begin, or nil where there are none.
  func padByteCount(in image: TextImage) -> Int? { template(in: image)?.count }

  /// Leads the calls of ``PatchTables/calls`` to the paddings, and fills these.
  func apply(to recreation: Recreation) {
    guard facts.modes.tracksCallDepth, let template = template(in: recreation.image) else { return }
    tables.calls.forEachTarget { address in trackCall(at: address, template, recreation) }
  }

  /// The same for calls that were chosen as alternatives, up to v6.14.
  func applyToAlternatives(to recreation: Recreation) {
    guard facts.modes.tracksCallDepth, facts.modes.tracksAlternativeCalls,
      let template = template(in: recreation.image)
    else { return }
    let size = tables.alternativeByteCount
    for index in 0..<tables.alternatives.entryCount(of: size) {
      trackCall(at: tables.alternatives.target(at: index * size), template, recreation)
    }
  }

  /// What the bytes of the padding before `function` are once it counts.
  func pad(before function: UInt64, in image: TextImage) -> [UInt8]? {
    guard let template = template(in: image) else { return nil }
    let address = function &- UInt64(template.count)
    var bytes = Array(UnsafeRawBufferPointer(start: template.bytes, count: template.count))
    bytes.withUnsafeMutableBytes { raw in
      guard let place = raw.baseAddress else { return }
      AlternativePatches.relocate(
        place, count: template.count, at: address, from: template.address, sourceByteCount: template.count)
      facts.nops.join(place, count: template.count, recognisesMore: true)
    }
    return bytes
  }

  /// Where a call of `function` goes: to the padding, if that may count.
  func translated(_ function: UInt64, in image: TextImage) -> UInt64 {
    guard facts.modes.tracksCallDepth, let template = template(in: image), !skips(function) else { return function }
    return function &- UInt64(template.count)
  }

  private func trackCall(
    at address: UInt64, _ template: (address: UInt64, bytes: UnsafeMutableRawPointer, count: Int),
    _ recreation: Recreation
  ) {
    let image = recreation.image
    guard tables.callRange?.contains(address) ?? true, let site = image.pointer(at: address, count: 5),
      site.value(UInt8.self) == 0xe8
    else { return }
    let function = site.branchTarget(at: address, displacementOffset: 1)
    guard !skips(function), facts.text.contains(function) || image.pointer(at: function, count: 1) != nil else {
      return
    }
    let padAddress = function &- UInt64(template.count)
    guard let place = image.pointer(at: padAddress, count: template.count), let pad = pad(before: function, in: image)
    else { return }
    let current = UnsafeRawBufferPointer(start: place, count: template.count)
    if !current.elementsEqual(pad) {
      guard current.allSatisfy({ $0 == 0x90 }) else { return }
      pad.withUnsafeBytes { raw in
        guard let bytes = raw.baseAddress else { return }
        recreation.write(
          .callDepth, at: padAddress, place, bytes, count: template.count, "the padding of a function that is called")
      }
    }
    recreation.writeBranch(
      .callDepth, at: address, site, opcode: 0xe8, to: padAddress, "the call is led to its function's padding")
  }

  private func skips(_ function: UInt64) -> Bool {
    let names = [
      "error_entry", "paranoid_entry", "xen_error_entry", "__switch_to_asm", "ret_from_fork", "ret_from_fork_asm",
      "soft_restart_cpu", "__fentry__",
    ]
    if names.contains(where: { facts.symbols[$0] == function }) { return true }
    if let start = facts.symbols["__relocate_kernel_start"], let end = facts.symbols["__relocate_kernel_end"] {
      return function >= start && function < end
    }
    // KEXEC_CONTROL_CODE_MAX_SIZE.
    return facts.symbols["relocate_kernel"].map { function >= $0 && function < $0 &+ 2048 } ?? false
  }
}
