package import KernelModel

/// The kernel in memory should be the kernel that it says it is.
package struct BuildIdentity: Check {
  package static let manual = Manual(
    id: "build-identity",
    question: "Is the kernel in memory the build that it claims to be?",
    method: """
      Compares the GNU build id in /sys/kernel/notes with the one in the kernel's own note section in memory. In a \
      dump, it uses the one in VMCOREINFO instead of /sys/kernel/notes. Every comparison with the vendor's files \
      relies on this id.
      """,
    innocentCauses: [],
    blindSpots: [
      "a kernel that keeps its build id and is changed elsewhere: the other checks look for that"
    ],
    proof: .crossView,
    response: [
      "do not trust any answer of this host about its kernel",
      "take a memory image from outside (hypervisor, crash dump) and compare",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    var examination = Examination()
    let subject = Subject("build id")
    examination.note(Subject("release"), .text(kernel.identity.release))
    let claimed: BuildID
    let inMemory: BuildID
    switch (kernel.identity.claimedBuildID, kernel.identity.buildIDInMemory) {
    case (.success(let claim), .success(let memory)): (claimed, inMemory) = (claim, memory)
    case (.failure, .success(let memory)) where !kernel.isRunning:
      examination.note(subject, .text(memory.description))
      examination.remark("nothing but the kernel's notes in memory says which build it is")
      return examination
    case (.failure(let withheld), _), (_, .failure(let withheld)): throw .withheld(withheld)
    }
    examination.note(subject, .text(inMemory.description))
    if claimed != inMemory {
      examination.report(
        Finding(
          kind: .contradiction, severity: .critical, subject: subject,
          message: "the kernel names another build than the one in memory",
          expected: "\(inMemory.description), as in memory",
          observed: "\(claimed.description), as \(kernel.isRunning ? "/sys/kernel/notes" : "VMCOREINFO") says",
          effects: [.init(.falsifies, "the build id")],
          meaning: "one of the two ways to read the kernel is being lied to"))
    }
    return examination
  }
}
