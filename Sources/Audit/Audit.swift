package import KernelModel

/// Runs the checks, looks again at whatever they find, and concludes.
///
/// A live kernel moves: a module that loads between the reading of kallsyms and the reading of memory looks like code
/// that nobody owns. So a finding must survive a second, *fresh acquisition*. If that second look cannot be made the
/// finding stands: a suspect gains nothing by spoiling it.
package struct Audit {
  private let checks: [any Check]
  private let investigator: any Investigator
  private let rules: [AllowRule]
  private let identifier: (any ModuleIdentifier)?
  /// Gives what the report is to show of the kernel besides the verdict, if it is to show anything.
  private let exhibit: ((Kernel) -> Exhibits)?
  /// Gives what the kernel has, if the report is to say it.
  private let inventory: ((Kernel) -> Inventory)?
  /// Acquisitions at most.
  ///
  /// Findings that are new at the last one have had no second look and are left unsettled.
  private let maximumLooks: Int

  /// - Parameters:
  ///   - rules: what the operator accepts; none if nothing.
  ///   - identifier: finds out whether a rule means the module that is there; without one no rule applies.
  ///   - exhibit: makes what the report is to show besides the verdict.
  ///   - inventory: makes what hosts are compared by.
  package init(
    checks: [any Check], investigator: any Investigator, allowing rules: [AllowRule] = [],
    identifier: (any ModuleIdentifier)? = nil, maximumLooks: Int = 4, exhibit: ((Kernel) -> Exhibits)? = nil,
    inventory: ((Kernel) -> Inventory)? = nil
  ) {
    self.checks = checks
    self.investigator = investigator
    self.rules = rules
    self.identifier = identifier
    self.exhibit = exhibit
    self.inventory = inventory
    self.maximumLooks = max(maximumLooks, 2)
  }

  /// The verdict on the kernel that `acquire` gives, anew each time it is called.
  ///
  /// - Parameter progress: told in a few words what is being done.
  package func run(
    acquire: () throws(AcquisitionFailure) -> Kernel, progress: (String) -> Void = { _ in }
  ) -> Verdict {
    let first: Kernel
    do throws(AcquisitionFailure) {
      first = try acquire()
    } catch {
      return .couldNotStart(error.obstacles)
    }
    var trials = checks.map { check in
      progress("checking \(check.manual.id)")
      return Trial(check, kernel: first)
    }
    let identity = first.identity
    var kernel = first
    var looks = 1
    // A kernel that runs no more gives the same answers again.
    if !kernel.isRunning { for index in trials.indices { trials[index].conclude() } }
    while looks < maximumLooks, trials.contains(where: \.needsAnotherLook) {
      progress("looking again")
      // A second look shares nothing with the first, nor does it need its memory.
      kernel.workings.clear()
      do throws(AcquisitionFailure) {
        kernel = try acquire()
      } catch {
        for index in trials.indices { trials[index].secondLookFailed(error) }
        break
      }
      looks += 1
      for index in trials.indices where trials[index].needsAnotherLook {
        trials[index].lookAgain(at: kernel)
      }
    }
    let allowance = rules.isEmpty ? nil : identifier.map { Allowance(rules: rules, identifier: $0, in: kernel) }
    let answers = trials.map { $0.answer(allowing: allowance) }
    if exhibit != nil { progress("drawing maps for the report") }
    let exhibits = exhibit?(kernel)
    let inventory = inventory?(kernel)
    kernel.workings.clear()
    let findings = answers.flatMap(\.findings)
    if !findings.isEmpty { progress("looking around what was found") }
    let implants = findings.isEmpty ? [] : investigator.investigate(findings, in: kernel)
    var verdict = Verdict(kernel: identity, answers: answers, implants: implants, looks: looks)
    verdict.exhibits = exhibits
    verdict.inventory = inventory
    return verdict
  }
}

/// Why no kernel could be acquired.
package struct AcquisitionFailure: Error {
  package var obstacles: [Withheld]

  package init(_ obstacles: [Withheld]) {
    self.obstacles = obstacles
  }
}
