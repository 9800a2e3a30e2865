internal import KernelModel
internal import KernelObjects

/// Code that the function tracer and kprobes were told to call.
enum ProbeReferences {
  /// Who calls it, and where.
  struct Call: Hashable, Sendable {
    var by: String
    var target: UInt64
  }

  /// What can be read of both; none where this kernel has neither.
  static func all(_ reader: Snapshot) -> [Call] {
    // The checks say what could not be read of either.
    FtraceState.operations(reader).elements.filter(\.isRegistered).map {
      Call(by: "the function tracer (ftrace_ops at \(KernelAddress($0.address)))", target: $0.function)
    }
      + KprobeState.probes(reader).elements.flatMap { probe in
        (probe.handlers + probe.returnHandlers).map {
          Call(by: "a kprobe at \(KernelAddress(probe.structure))", target: $0)
        }
      }
  }
}
