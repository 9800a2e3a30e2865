package import KernelModel

internal import KernelFormats

/// Every system call number should go, from the CPU's entry point on, to the function the vendor's kernel sends it to.
package struct SyscallDispatch: Check {
  package static let manual = Manual(
    id: "syscall-dispatch",
    question: "Which handler does each system call number reach from the CPU's entry point?",
    method: """
      Looks at where the CPUs enter the kernel (\(Machine.manualWords.entryPoints)), and at the calls from there to \
      the dispatcher. Then interprets the dispatching code, instruction by instruction, for each system call number: \
      \(Machine.manualWords.dispatching). It does so in memory and in the vendor's kernel image, and both must reach \
      the same handler; without the image, the handler is compared as in syscall-table. Functions that the function \
      tracer, direct calls and probes call in these functions and handlers are judged as in ftrace and probes. Where \
      a kernel dispatches through a table, its entries are followed too: both checks find a changed entry, and both \
      findings name the same target.
      """,
    innocentCauses: [
      "an old security product or a tracing driver that replaces entries of a table itself: then the owner "
        + "is a module that you installed",
      "Ksplice or another live patcher that rewrites the kernel's code",
    ],
    blindSpots: [
      "a hook inside a handler: kernel-text looks for that",
      Machine.manualWords.unseenEntryPoints,
      "what the code of a tracer or probe does when it is called in between: it is named, and not followed",
      "code that redirects only some calls of a number, by a condition in a branch outside the functions "
        + "that are followed",
      "a kernel that lies to every reader of /proc/kcore",
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
