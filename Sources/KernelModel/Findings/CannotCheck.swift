/// Why a question could not be answered.
///
/// It becomes the outcome *unknown*, or *not applicable* for the last case.
package enum CannotCheck: Error, Hashable, Sendable {
  /// kallsyms does not name it, and it was not found otherwise.
  case symbolMissing(String)
  /// kallsyms names several different ones.
  case symbolAmbiguous(String, count: Int)
  /// kallsyms shows all addresses as zero.
  case symbolsWithheld
  case memoryUnreadable(MemoryFault)
  /// Something the kernel should tell us, or the vendor should have left on disk, is not to be had.
  case withheld(Withheld)
  /// What was read makes no sense and will not at the next look either: what it is about, and what is wrong with it.
  case implausible(String, String)
  /// What was read makes no sense, as something that was changed while it was read: what it is about, and what is wrong
  /// with it. The next look may find it whole.
  case torn(String, String)
  /// The kernel's type information has no such structure or, if one is given, no such member of it.
  case layoutUnknown(structure: String, member: String? = nil)
  /// Findings came and went while we looked again: their subjects.
  case unsettled([String])
  /// The question does not arise on this kernel, and why; may rest only on what a suspect cannot withhold.
  case notApplicable(String)

  package static let builtWithoutModules = CannotCheck.notApplicable("this kernel is built without loadable modules")
}

extension CannotCheck: CustomStringConvertible {
  package var description: String {
    switch self {
    case .symbolMissing(let name):
      "the symbol \(name) is not in kallsyms, and it was not found in memory"
    case .symbolAmbiguous(let name, let count):
      "the symbol \(name) stands \(count) times in kallsyms, at different addresses"
    case .symbolsWithheld:
      "kallsyms shows every address as zero; run as root with CAP_SYSLOG and kernel.kptr_restrict below 2"
    case .memoryUnreadable(let fault):
      fault.description
    case .withheld(let withheld):
      withheld.description
    case .implausible(let subject, let problem), .torn(let subject, let problem):
      "\(subject): \(problem)"
    case .layoutUnknown(let structure, let member):
      "the kernel's type information: has no \(structure)\(member.map { ".\($0)" } ?? "")"
    case .unsettled(let subjects):
      "the kernel kept changing while it was looked at (\(subjects.joined(separator: ", "))); look again later"
    case .notApplicable(let reason):
      reason
    }
  }
}
