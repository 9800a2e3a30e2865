internal import KernelFormats
internal import KernelModel

/// Breakpoints, and jumps in their place, at the probes that are registered.
///
/// Source: kernel/kprobes.c, arch/x86/kernel/kprobes/{core,opt}.c, include/linux/kprobes.h (Linux v5.10 to v7.2).
struct KprobePatches {
  /// One entry of `kprobe_table`.
  private struct Probe {
    /// Of the kernel's `struct kprobe`.
    var structure: UInt64
    var address: UInt64
    var opcode: UInt8
    var flags: UInt32
    var handlers: [UInt64]

    /// KPROBE_FLAG_GONE or KPROBE_FLAG_DISABLED.
    var isDisarmed: Bool { flags & 3 != 0 }
    /// KPROBE_FLAG_OPTIMIZED.
    var isOptimized: Bool { flags & 4 != 0 }
    /// KPROBE_FLAG_FTRACE: the tracer's call is used instead.
    var usesFtrace: Bool { flags & 8 != 0 }
  }

  private let facts: KernelFacts
  private var probes: [Probe] = []

  private static let bucketCount = 64
  private static let mostProbes = 65_536

  init(facts: KernelFacts) throws(CannotCheck) {
    self.facts = facts
    guard let table = facts.symbols["kprobe_table"] else { return }
    if let disarmed = facts.symbols["kprobes_all_disarmed"], try facts.load(UInt8.self, at: disarmed) != 0 { return }
    for bucket in 0..<Self.bucketCount {
      var node = try facts.load(UInt64.self, at: table &+ UInt64(bucket * 8))
      while node != 0 {
        guard probes.count < Self.mostProbes else { throw .implausible("kprobe_table", "a list has no end") }
        probes.append(try probe(at: node))
        node = try facts.load(UInt64.self, at: node)
      }
    }
  }

  func apply(to recreation: Recreation) throws(CannotCheck) {
    for probe in probes {
      guard let site = recreation.image.pointer(at: probe.address, count: probe.isOptimized ? 5 : 1) else { continue }
      judge(probe, recreation)
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
              message: "jumps to code that nobody owns", expected: "a page of probe code that the kernel lists",
              observed: facts.ownership.words(for: detour), target: detour))
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

  private func probe(at address: UInt64) throws(CannotCheck) -> Probe {
    var handlers: [UInt64] = []
    for member in ["pre_handler", "post_handler"] {
      let offset = try facts.offset(of: member, in: "kprobe")
      let handler = try facts.load(UInt64.self, at: address &+ offset)
      if handler != 0 { handlers.append(handler) }
      guard member == "pre_handler", handler == facts.symbols["aggr_pre_handler"] else { continue }
      // Several probes at one place: this one stands for all on its list.
      let link = try facts.offset(of: "list", in: "kprobe")
      for node in facts.live.list(at: address &+ link, limit: 1024) ?? [] {
        let handler = try facts.load(UInt64.self, at: node &- link &+ offset)
        if handler != 0 { handlers.append(handler) }
      }
    }
    return Probe(
      structure: address, address: try facts.load(UInt64.self, at: address &+ facts.offset(of: "addr", in: "kprobe")),
      opcode: try facts.load(UInt8.self, at: address &+ facts.offset(of: "opcode", in: "kprobe")),
      flags: try facts.load(UInt32.self, at: address &+ facts.offset(of: "flags", in: "kprobe")), handlers: handlers)
  }

  private func judge(_ probe: Probe, _ recreation: Recreation) {
    for handler in probe.handlers where !facts.ownership.isLegitimate(handler) {
      recreation.violations.append(
        PatchViolation(
          mechanism: .kprobe, subject: "kprobe at \(place(probe.address))",
          message: "its handler is no function of anybody's",
          expected: "a function of the kernel, of a listed module, or of generated code",
          observed: facts.ownership.words(for: handler), target: handler))
    }
  }

  private func place(_ address: UInt64) -> String {
    facts.ownership.kernel.owner(of: KernelAddress(address)).place?.description ?? "\(KernelAddress(address))"
  }
}
