package import KernelModel
internal import KernelObjects

/// The pointers to code that the kernel and its modules were built with should lead where their files say.
package struct StaticPointers: Check {
  package static let manual = Manual(
    id: "static-pointers",
    question: "Does each pointer to code that the kernel and its modules were built with point where their files say?",
    method: """
      The vendor's files say where in memory an address is stored. Of these places, it takes the ones in memory that \
      is writable, or written once at boot, that point to a function or to a constant table of functions: tables of \
      operations, notifiers, hooks of security modules, handlers of settings. Each is compared with the address in \
      the file. A different one must point to the start of a function of the kernel, or of a listed module that is \
      vouched for, with the same type as the file's own function, by the kernel's type information; or to a table of \
      such functions. Where the type of one is not known, code of the vendor must be able to have stored it there: \
      code that takes the function's address and, on a kernel that lacks many types, also reaches the variable. Then \
      it is a fact, with both names. The code that static calls go to must have an owner, and kernel-text judges that \
      code. A difference is read again twice, a moment later.
      """,
    innocentCauses: [
      "a module from elsewhere put its function there: old security products do that",
      "the kernel was changed by whoever built it, and the image on disk is another build's",
    ],
    blindSpots: [
      "another function of the same type, of the kernel's own: that is a fact, which a baseline records",
      "pointers that were empty when the kernel was built: what is registered while it runs",
      "pointers to data, to text, and to writable tables; tables of other modules",
      "without the vendor's image, or without the list of addresses that only a compressed image has: everything",
    ],
    response: [
      "do not reboot and do not unload anything yet: the evidence is in memory only",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "see whose code is called now: the report shows the memory that the pointer points to",
      "if a module that you installed owns it, ask its vendor; otherwise disconnect the host from the "
        + "network, leave it powered, and treat it as compromised",
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
