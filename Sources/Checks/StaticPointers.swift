package import KernelModel
internal import KernelObjects

/// The pointers to code that the kernel and its modules were built with should lead where their files say.
package struct StaticPointers: Check {
  package static let manual = Manual(
    id: "static-pointers",
    question: "Does each pointer to code that the kernel and its modules were built with lead where their files say?",
    method: """
      The vendor's files say at which places of memory they put an address. Takes those of them that lie in memory that may \
      change, or that is written once while the kernel boots, and lead to a function, or to a constant table that holds functions: \
      tables of operations, notifiers, hooks of security modules, handlers of settings. Each is compared with the file's address. \
      One that differs must lead to the start of a function of the kernel's, or of a listed module's that somebody vouches for, \
      whose type is that of the file's own function, as the kernel's type information has both; or to a table of such functions. \
      Where the type of one is not known, code of the vendor's must be able to have put it there: it takes the function's \
      address, and on a kernel that lacks many types it comes to the variable. Then it is a fact, by both names. What the kernel's code is patched by (static calls) must \
      belong to somebody, and kernel-text judges the code. What looks wrong is looked at again twice, a moment later.
      """,
    innocentCauses: [
      "a module that is not the kernel's own put its function there: old security products do that",
      "a kernel that was changed by who built it, whose image on disk is another build's",
    ],
    blindSpots: [
      "another function of the same type, of the kernel's own: that is a fact, which a baseline remembers",
      "pointers that were empty when the kernel was built: what is registered while it runs",
      "pointers to data, to text and to tables that may change themselves; tables of other modules",
      "without the vendor's image, or without the list of addresses that only a compressed image has: everything",
    ],
    response: [
      "do not reboot and do not unload anything yet: the evidence is in memory only",
      "keep this report (liveprobe scan --format json) and, if you can, a memory image, on another machine",
      "see whose code is called now: the report shows what lies where the pointer leads",
      "if a module that you installed owns that, ask its vendor; otherwise cut the host off the network, leave it powered, "
        + "and treat it as compromised",
    ])

  /// How often what looks wrong is looked at, at most.
  private static let looks = 3

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    var examination = Examination()
    var census = try PointerCensus(kernel)
    census.look(times: Self.looks)
    census.conclude(into: &examination)
    examination.expect(
      Expectation(
        subject: "pointers to code", rung: .vendorImage, source: census.source, whyNotBetter: []))
    return examination
  }
}
