package import KernelModel
internal import KernelObjects

/// The kernel's taint should be that of its modules, and what user space is told.
package struct Taint: Check {
  package static let manual = Manual(
    id: "taint",
    question: "Is the kernel's taint the one that it shows, and does it include the taint of every module?",
    method: """
      Reads the taint mask in memory and compares it with /proc/sys/kernel/tainted; then compares the mask with the \
      taint in each module's record, hidden modules included. The kernel never clears a flag: one that a module has \
      and the mask lacks was cleared by someone. Names modules that tainted the kernel and were unloaded, where the \
      kernel remembers them.
      """,
    innocentCauses: [],
    blindSpots: [
      "a mask and a module's record that were both cleared",
      "a taint that no module has: an oops, firmware, a warning",
      "without the vendor's kernel image: the names and types used to read records are the suspect kernel's own",
    ],
    proof: .crossView,
    response: [
      "look in the kernel's log for when the module was loaded: journalctl -k -g taint",
      "list all modules: liveprobe modules",
      "treat the host as compromised: only an attacker has a reason to clear the mask",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    let structures = try kernel.provenStructures
    guard
      let mask = try structures.now({ (reader) throws(CannotCheck) in try reader.value(UInt64.self, of: "tainted_mask")
      })
    else { throw .symbolMissing("tainted_mask") }
    var examination = Examination()
    examination.expect(structures.expectation)
    examination.note(Subject("taint"), .text(TaintFlags.letters(mask)), lasting: false)
    examination.note(
      Subject("taint", label: "but for events"), .text(TaintFlags.letters(mask & ~TaintFlags.events)))
    switch kernel.claims.taint {
    case .success(let told) where told != mask:
      examination.report(
        finding(
          Subject("taint", label: "as told"), "user space sees another taint than the kernel has",
          expected: "\(TaintFlags.letters(mask)), as in memory",
          observed: "\(TaintFlags.letters(told)), as /proc/sys/kernel/tainted says", toldBy: ["read"]))
    case .success: break
    case .failure where !kernel.isRunning: break
    case .failure(let withheld): examination.leaveUnanswered(Subject("taint", label: "as told"), .withheld(withheld))
    }
    for row in try Self.modules(of: kernel, structures, &examination) where row.taints & ~mask != 0 {
      var finding =
        finding(
          Subject("taint", label: "module \(row.name)"), "a module has a taint that the kernel's mask lacks",
          expected: "\(TaintFlags.letters(mask | row.taints)): the mask has the taint of every module",
          observed: "\(TaintFlags.letters(mask)), and the module \(TaintFlags.letters(row.taints))")
      if let structure = row.structure {
        finding.places = [MemoryRegion(start: structure, byteCount: 1)]
      }
      finding.hiddenModule = row.isSound || row.name.isEmpty ? nil : row.name
      examination.report(finding)
    }
    for module in try structures.now({ (reader) throws(CannotCheck) in try UnloadedModules(reader) }).tainting {
      examination.remark("a module that is loaded no more tainted the kernel: \(module.name) (\(module.taints))")
    }
    return examination
  }

  /// What places know of modules; where nothing shows how their records are laid out, that part stays open.
  private static func modules(
    of kernel: Kernel, _ structures: KernelStructures, _ examination: inout Examination
  ) throws(CannotCheck) -> [ModuleMatrix.Row] {
    do throws(CannotCheck) {
      return try kernel.moduleMatrix.rows
    } catch {
      guard structures.areInferred, error.isOfTypes else { throw error }
      examination.leaveUnanswered(Subject("taint", label: "of modules"), error)
      return []
    }
  }

  private func finding(
    _ subject: Subject, _ message: String, expected: Finding.Value, observed: Finding.Value, toldBy: [String] = []
  ) -> Finding {
    Finding(
      kind: .contradiction, severity: .critical, subject: subject, message: message, expected: expected,
      observed: observed, effects: [.init(.falsifies, "the taint of the kernel")], toldBy: toldBy,
      meaning: "the mask was cleared to make an unsigned or foreign module go unnoticed")
  }
}
