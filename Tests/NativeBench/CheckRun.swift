import Checks
import KernelModel
import Report
import SavedKernel

/// Every check on saved kernels, without a report around it: the quickest way to see whether a change of the engine holds.
enum CheckRun {
  /// - Parameter id: of the one check to ask; nil for all.
  /// - Returns: whether nothing was found and nothing left open.
  static func run(snapshots: [String], only id: String? = nil) throws -> Bool {
    var isClean = true
    for directory in snapshots {
      var kernel = try SavedKernel(directory: directory).kernel
      kernel.account = StructuralAccount.of
      for check in Registry.checks where id == nil || check.manual.id == id {
        let result = tell(check, kernel, directory, isAlone: id != nil)
        isClean = isClean && result
      }
    }
    return isClean
  }

  /// Prints what a check says of a kernel.
  ///
  /// - Parameter isAlone: whether all facts are printed.
  /// - Returns: whether nothing was found and nothing left open; one that cannot be asked says so.
  static func tell(_ check: any Check, _ kernel: Kernel, _ directory: String, isAlone: Bool = false) -> Bool {
    let clock = ContinuousClock()
    let start = clock.now
    do throws(CannotCheck) {
      let examination = try check.examine(kernel)
      let text = examination.accounts.map(\.comparedBytes).reduce(0, +)
      print(
        "\(directory): \(check.manual.id): \(examination.findings.count) findings, "
          + "\(examination.unanswered.count) unanswered, \(text) bytes, \(start.duration(to: clock.now))")
      for finding in examination.findings.prefix(8) {
        print("  \(finding.subject): \(finding.message): \(finding.expected.words) | \(finding.observed.words)")
      }
      for open in examination.unanswered.prefix(8) { print("  \(open.subject): \(open.reason)") }
      if isAlone || examination.facts.count <= 16 {
        for (subject, fact) in examination.facts { print("  \(subject): \(fact)") }
      }
      for account in examination.pointerAccounts.prefix(isAlone ? .max : 1) { print("  \(account)") }
      for remark in examination.remarks.prefix(8) { print("  \(remark)") }
      return examination.findings.isEmpty && examination.unanswered.isEmpty
    } catch {
      print("\(directory): \(check.manual.id): \(error)")
      return true
    }
  }
}
