package import KernelModel

extension X86_64 {
  package enum Mechanism: String, PatchMechanism {
    /// Absolute addresses, moved by the KASLR offset or, in a module, put in by its loader.
    case relocation
    /// Calls through `pv_ops` turned into direct calls or into the instruction itself (up to v6.6).
    case paravirt
    /// Calls of `__x86_indirect_thunk_*`.
    case retpoline = "retpolines"
    /// Jumps to `__x86_return_thunk`.
    case returnThunk = "return-thunks"
    /// Call depth tracking: calls led to the padding before the function, and that padding.
    case callDepth = "call-depth-tracking"
    /// `ALTERNATIVE()`: instructions chosen by CPU features.
    case alternative = "alternatives"
    /// `ENDBR64` of functions that are never called indirectly.
    case endbrSeal = "ibt-sealing"
    /// kCFI and FineIBT: hashes before functions, and before indirect calls.
    case cfi = "call-checks"
    /// `LOCK` prefixes, dropped on a machine with one processor.
    case smpLock = "smp-locks"
    /// `runtime_const`: values of variables that never change again.
    case runtimeConstant = "runtime-constants"
    /// Static keys.
    case jumpLabel = "jump-labels"
    /// Static calls, and their trampolines.
    case staticCall = "static-calls"
    /// The call at the start of a traceable function, and the tracer's own entry code.
    case ftrace
    /// Breakpoints and jumps that a registered probe put there.
    case kprobe = "kprobes"
    /// Strings of options that the kernel takes apart, where they lie, while it boots.
    case bootString = "boot-strings"
    /// Dispatchers of BPF programs, whose first instruction jumps to generated code (up to v5.19).
    case bpf = "bpf-dispatchers"

    package var title: String {
      switch self {
      case .relocation: "addresses, moved to where the code lies"
      case .paravirt: "paravirtual calls"
      case .retpoline: "indirect branches (retpolines)"
      case .returnThunk: "returns (return thunks)"
      case .callDepth: "call depth tracking"
      case .alternative: "instructions chosen by CPU features (alternatives)"
      case .endbrSeal: "sealed indirect branch targets (IBT)"
      case .cfi: "checks of indirect calls (kCFI, FineIBT)"
      case .smpLock: "lock prefixes"
      case .runtimeConstant: "run-time constants"
      case .jumpLabel: "static keys (jump labels)"
      case .staticCall: "static calls"
      case .ftrace: "function tracing (ftrace)"
      case .kprobe: "kernel probes"
      case .bootString: "strings taken apart while booting"
      case .bpf: "dispatchers of BPF programs"
      }
    }
  }
}

extension X86_64.Mechanism {
  package var index: Int {
    switch self {
    case .relocation: 0
    case .paravirt: 1
    case .retpoline: 2
    case .returnThunk: 3
    case .callDepth: 4
    case .alternative: 5
    case .endbrSeal: 6
    case .smpLock: 7
    case .runtimeConstant: 8
    case .jumpLabel: 9
    case .staticCall: 10
    case .ftrace: 11
    case .kprobe: 12
    case .bootString: 13
    case .bpf: 14
    case .cfi: 15
    }
  }
}
