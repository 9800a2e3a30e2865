package import KernelModel

/// The kernel in memory should be the kernel that it says it is.
package struct BuildIdentity: Check {
  package static let manual = Manual(
    id: "build-identity",
    question: "Is the kernel in memory the build that the kernel says it is?",
    method: """
      Compares the GNU build id that /sys/kernel/notes gives with the one in the kernel's own note section in memory. \
      Of a dump, the one that VMCOREINFO gives. Every comparison with the vendor's files rests on this id.
      """,
    innocentCauses: [],
    blindSpots: [
      "a kernel that keeps its build id and is changed elsewhere: that is what the other checks are for"
    ],
    proof: .crossView,
    response: [
      "treat every answer of this host about its kernel as untrusted",
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
