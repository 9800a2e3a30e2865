internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The dispatcher of XDP programs, as it was before it became a static call: its function's first instruction jumps to
/// code that was generated for the programs there are.
///
/// Source: bpf_dispatcher_update() in kernel/bpf/dispatcher.c, bpf_arch_text_poke() in arch/x86/net/bpf_jit_comp.c (Linux
/// 5.10.262); a static call since Linux kernel commit c86df29d11df ("bpf: Convert BPF_DISPATCHER to use static_call()
/// (not ftrace)") (in v6.1).
struct BpfPatches {
  let facts: KernelFacts

  func apply(to recreation: Recreation) throws(CannotCheck) {
    try refuseToGuess(recreation)
    guard let dispatcher = facts.symbols["bpf_dispatcher_xdp"], let address = facts.symbols["bpf_dispatcher_xdp_func"],
      let site = recreation.image.pointer(at: address, count: 5),
      let structure = facts.structure("bpf_dispatcher"), structure.member("sc_key") == nil,
      let count = member("num_progs", of: structure, at: dispatcher, Int32.self),
      let image = member("image", of: structure, at: dispatcher, UInt64.self),
      let offset = member("image_off", of: structure, at: dispatcher, UInt32.self), count > 0, image != 0
    else { return }
    let target = image &+ UInt64(offset)
    if !facts.ownership.isLegitimate(target) {
      recreation.violations.append(
        PatchViolation(
          mechanism: .bpf, subject: "bpf_dispatcher_xdp", message: "jumps to unowned code",
          expected: "generated code that the kernel lists", observed: facts.ownership.value(of: target),
          target: target))
    }
    recreation.writeBranch(
      .bpf, at: address, site, opcode: 0xe9, to: target, "\(count) XDP programs are attached")
  }

  /// Throws where it jumps, and nobody says how the kernel keeps where to.
  private func refuseToGuess(_ recreation: Recreation) throws(CannotCheck) {
    guard facts.types.lacksOthers, facts.symbols["__SCK__bpf_dispatcher_xdp_call"] == nil,
      let address = facts.symbols["bpf_dispatcher_xdp_func"],
      recreation.image.pointer(at: address, count: 5) != nil, facts.live.value(UInt8.self, at: address) == 0xe9
    else { return }
    throw facts.types.unknown("bpf_dispatcher")
  }

  private func member<Value: FixedWidthInteger & BitwiseCopyable>(
    _ name: String, of structure: BTF.Structure, at address: UInt64, _ type: Value.Type
  ) -> Value? {
    structure.member(name).flatMap { facts.live.value(type, at: address &+ UInt64($0.byteOffset)) }
  }
}
