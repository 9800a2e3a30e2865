internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Breakpoints, and jumps in their place, at the probes that are registered.
///
/// Source: kernel/kprobes.c, arch/x86/kernel/kprobes/{core,opt}.c, include/linux/kprobes.h (Linux v5.10 to v7.2).
struct KprobePatches {
  let facts: KernelFacts
  let state: KprobeState

  func apply(to recreation: Recreation) throws(CannotCheck) {
    for probe in state.probes {
      guard let site = recreation.image.pointer(at: probe.address, count: probe.isOptimized ? 5 : 1) else { continue }
      guard !probe.isDisarmed, !probe.usesFtrace else { continue }
      guard probe.opcode == site.value(UInt8.self) else {
        recreation.violations.append(
          PatchViolation(
            mechanism: .kprobe, subject: "kprobe at \(place(probe.address))",
            message: "remembers another instruction than the vendor's",
            expected: "opcode \(String(site.value(UInt8.self), radix: 16))",
            observed: "opcode \(String(probe.opcode, radix: 16))"))
        continue
      }
      if probe.isOptimized {
        let detour = try facts.load(
          UInt64.self, at: probe.structure &+ facts.offset(of: "optinsn.insn", in: "optimized_kprobe"))
        guard facts.ownership.isLegitimate(detour) else {
          recreation.violations.append(
            PatchViolation(
              mechanism: .kprobe, subject: "kprobe at \(place(probe.address))",
              message: "jumps to unowned code", expected: "a page of probe code that the kernel lists",
              observed: facts.ownership.value(of: detour), target: detour))
          continue
        }
        recreation.writeBranch(
          .kprobe, at: probe.address, site, opcode: 0xe9, to: detour, "an optimised probe is registered here")
      } else {
        PatchBytes([0xcc]).withBytes {
          recreation.write(.kprobe, at: probe.address, site, $0, count: 1, "a probe is registered here")
        }
      }
    }
  }

  private func place(_ address: UInt64) -> String {
    facts.ownership.kernel.owner(of: KernelAddress(address)).place?.description ?? "\(KernelAddress(address))"
  }
}
