internal import KernelModel

/// Where a BPF program hangs.
package struct BpfAttachment: Hashable, Sendable {
  /// What runs it, or what it is given.
  package enum Place: Hashable, Sendable {
    /// A function of the kernel's, a module's or another program's: the place where it is called.
    case function(UInt64)
    /// Several functions.
    case functions([UInt64])
    /// An event: `syscalls` and `sys_exit_read`.
    case event(system: String, name: String)
    /// A tracepoint, without an event of it.
    case tracepoint(String)
    /// A place in a program of user space: its file's name, and the offset there.
    case userCode(file: String, offset: UInt64)
    case device(String)
    case cgroup(String)
    /// What is left, in words; nothing where the kernel's structures say no more.
    case other(String)
  }

  /// The address of the `struct bpf_prog`.
  package var program: UInt64
  /// What calls it, as bpftool says it: `fentry`, `kretprobe`, `xdp`.
  package var means: String
  package var place: Place
}

/// One `struct bpf_link`: what keeps a program where it hangs.
struct BpfLink {
  let address: UInt64
  /// As bpftool says it: `tracing`, `perf_event`.
  let type: String
  /// Of its `struct bpf_prog`; 0 where it has none.
  let program: UInt64

  /// - Parameter link: the kernel's `struct bpf_link`.
  init(_ link: KernelObject) throws(CannotCheck) {
    address = link.address
    let number: UInt32 = try link["type"]
    type = link.snapshot.types.words(for: number, of: "bpf_link_type", prefix: "BPF_LINK_TYPE_")
    program = try link["prog"]
  }
}
