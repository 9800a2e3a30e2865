package import KernelModel

/// Every check there is, in the order in which they are asked and reported.
package enum Registry {
  package static let checks: [any Check] = [
    Reader(),
    BuildIdentity(),
    VendorFiles(),
    SyscallTable(),
    SyscallDispatch(),
    KernelText(),
    ModuleText(),
    StaticPointers(),
    ModuleList(),
    ExecutableMemory(),
    Ftrace(),
    Probes(),
    Notifiers(),
    RegisteredCode(),
    Tracepoints(),
    Bpf(),
    Processes(),
    Credentials(),
    Sockets(),
    Switches(),
    Keyrings(),
    Taint(),
  ]

  /// The check whose id is `id`, or nil.
  package static func check(withID id: String) -> (any Check)? {
    checks.first { $0.manual.id == id }
  }
}
