package import KernelModel

internal import KernelFormats

/// Every system call number should go, from the CPU's entry point on, to the function the vendor's kernel sends it to.
package struct SyscallDispatch: Check {
  package static let manual = Manual(
    id: "syscall-dispatch",
    question: "From the CPU's entry point to the handler: where does each system call number really go?",
    method: """
      Looks at where the CPUs enter the kernel (\(Machine.manualWords.entryPoints)), and at the calls from there to \
      the dispatcher. Then runs the dispatching code, instruction by instruction, for each system call number: \
      \(Machine.manualWords.dispatching). It does so on memory and on the vendor's kernel image, and both must reach the same handler; without the image the \
      handler is compared as syscall-table does. Who is called in these functions and handlers by the function tracer, \
      direct calls and probes is judged as ftrace and probes do. Where a kernel dispatches by a table, its entries are followed like \
      everything else: an entry that is changed is found by both checks, and both findings lead to the same place.
      """,
    innocentCauses: [
      "an old security product or a tracing driver that replaces entries of a table itself: then the owner is a module "
        + "you installed",
      "Ksplice or another live patcher that rewrites the kernel's code",
    ],
    blindSpots: [
      "a hook inside a handler: that is kernel-text's question",
      Machine.manualWords.unseenEntryPoints,
      "what code that is called besides, by a tracer or a probe of somebody's, does there: it is named, and not followed",
      "code that sends only some calls of a number elsewhere by a condition that a branch outside of the followed "
        + "functions decides",
      "a kernel that lies to whoever reads /proc/kcore",
    ],
    response: SyscallTable.manual.response)

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let dispatch = try Machine.Dispatch(of: kernel)
    var examination = Examination()
    let broken = dispatch.examineEntry(into: &examination)
    let interceptions = interceptions(of: kernel, into: &examination)
    for abi in SystemCallABI.all { dispatch.examine(abi, interceptions, broken: broken, into: &examination) }
    return examination
  }

  /// Who is called where functions run; what concerns the functions that all calls pass is told at once.
  private func interceptions(of kernel: Kernel, into examination: inout Examination) -> Interceptions? {
    guard !Interceptions.areImpossible(in: kernel) else { return nil }
    do throws(CannotCheck) {
      let interceptions = try kernel.interceptions
      if let obstacle = interceptions.obstacle {
        examination.leaveUnanswered(Subject("the function tracer and probes"), obstacle)
      }
      let words = InterceptionFindings(kernel: kernel, manual: Self.manual)
      for (name, called) in PassedFunctions(of: kernel).intercepted(by: interceptions) {
        words.tell(called, of: Subject(name), callers: "every system call that passes \(name)", into: &examination)
      }
      return interceptions
    } catch {
      examination.leaveUnanswered(Subject("the function tracer and probes"), error)
      return nil
    }
  }
}
