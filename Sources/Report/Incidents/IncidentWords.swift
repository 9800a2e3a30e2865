internal import Audit
internal import KernelModel

/// An incident in words.
extension Incident {
  /// Who, and what they did, in a line: `hidden module diamorphine: system calls kill, getdents redirected`.
  func headline(_ limits: IncidentLimits) -> PlainText {
    let clauses = clauses(limits, skipping: culprit.said)
    let who = culprit.words(limits)
    guard !clauses.isEmpty else { return who }
    return culprit.isKnown ? "\(who): \(PlainText.join(clauses, "; "))" : .join(clauses, "; ")
  }

  /// What was done, a few words for each verb.
  ///
  /// - Parameter skipped: verbs of which who did it says enough.
  func clauses(_ limits: IncidentLimits, skipping skipped: Set<Finding.Effect.Verb> = []) -> [PlainText] {
    let shown = Finding.Effect.Verb.allCases.filter { !skipped.contains($0) }.compactMap { verb -> PlainText? in
      let objects = objects(of: verb)
      guard !objects.isEmpty else { return nil }
      let names = objects.prefix(limits.objects).map { PlainText($0, limit: limits.name) }
      let more: PlainText = objects.count > limits.objects ? " and \(objects.count - limits.objects) more" : ""
      let phrase = verb.phrase
      let before = objects.count > 1 ? phrase.beforeMany ?? phrase.before : phrase.before
      return "\(before)\(PlainText.join(names))\(more)\(phrase.after)"
    }
    return Array(shown.prefix(limits.clauses))
  }

  /// What it was done to; a handler is not named beside its system call.
  private func objects(of verb: Finding.Effect.Verb) -> [String] {
    let objects = effects.filter { $0.verb == verb }.map(\.object)
    guard verb == .redirects else { return objects }
    let calls = effects.filter { $0.verb == .redirectsSystemCall }.map(\.object)
    return objects.filter { object in !calls.contains { object.hasSuffix("sys_\($0)") } }
  }

  /// How it is known, with the checks that know it.
  var certainty: [PlainText] {
    grounds.map { ground in "\(ground.words) (\(PlainText.join(ground.checks.map { PlainText($0) })))" }
  }

  /// The numbers of its techniques.
  var techniqueNumbers: [PlainText] { techniques.map { PlainText($0.number) } }
}

extension ReportedIncident {
  /// All of it in a few sentences.
  func paragraph(_ implants: [Implant], _ limits: IncidentLimits) -> [PlainText] {
    var sentences: [PlainText] = []
    let clauses = incident.clauses(limits, skipping: incident.culprit.said.intersection([.loadsModule]))
    if !clauses.isEmpty { sentences.append("Effect: \(PlainText.join(clauses, "; ")).") }
    if let place = incident.implants.first {
      let more: PlainText = incident.implants.count > 1 ? " and \(incident.implants.count - 1) more" : ""
      sentences.append("Code: \(implants[place].run.extent) (implant \(place + 1)\(more)).")
    }
    sentences.append("Evidence: \(PlainText.join(incident.certainty, "; ")).")
    if !incident.families.isEmpty {
      let names = incident.families.prefix(3).map { PlainText($0, limit: 40) }
      sentences.append("Strings as in \(PlainText.join(names)): attribution, not proof.")
    }
    if incident.severity == .warning { sentences.append("It may be benign: see below.") }
    let techniques = incident.techniqueNumbers
    let numbers: PlainText = techniques.isEmpty ? "" : "; ATT&CK \(PlainText.join(techniques))"
    sentences.append("\(self.numbers)\(numbers).")
    return sentences
  }
}

extension Incident.Culprit {
  func words(_ limits: IncidentLimits) -> PlainText {
    switch self {
    case .hiddenModule(let name): return "hidden module \(name, limit: limits.name)"
    case .module(let name, isVouchedFor: true): return "module \(name, limit: limits.name)"
    case .module(let name, isVouchedFor: false):
      return "module \(name, limit: limits.name), which nothing vouches for"
    case .unownedCode(let address): return "unowned code at \(address)"
    case .program(let program, let loaded):
      let number: PlainText = loaded.map { " \($0.number)" } ?? ""
      let name: PlainText = program.name.isEmpty ? "" : " (\(program.name, limit: limits.name))"
      let holder: PlainText = loaded?.holder.map { ", held by \($0, limit: limits.name)" } ?? ""
      return "BPF program\(number)\(name)\(holder)"
    case .unknown: return "no culprit known"
    }
  }

  /// The kind of it, in the word of JSON.
  var kind: PlainText {
    switch self {
    case .hiddenModule: "hidden-module"
    case .module(_, isVouchedFor: true): "module"
    case .module(_, isVouchedFor: false): "unvouched-module"
    case .unownedCode: "unowned-code"
    case .program: "bpf-program"
    case .unknown: "unknown"
    }
  }

  /// Its name, where it has one.
  var name: String? {
    switch self {
    case .hiddenModule(let name), .module(let name, _): name
    case .program(let program, _): program.name
    case .unownedCode, .unknown: nil
    }
  }

  /// The verbs that its words say already.
  fileprivate var said: Set<Finding.Effect.Verb> {
    switch self {
    case .hiddenModule: [.hidesModule, .runsUnownedCode]
    case .unownedCode: [.runsUnownedCode]
    case .module(_, isVouchedFor: false): [.loadsModule]
    case .module, .program, .unknown: []
    }
  }
}

extension Incident.Ground {
  fileprivate var words: PlainText {
    switch proof {
    case .comparison:
      switch rung {
      case .vendorImage: "comparison with the vendor's files"
      case .kernelRecords: "comparison with the kernel's own records"
      case .systemCallNumbers: "comparison with the numbers of system calls"
      case .rangesOnly: "comparison with where code may lie, without the vendor's image"
      case nil: "comparison"
      }
    case .crossView: "cross-view, two views disagree"
    case .ownership: "ownership, nothing accounts for the code"
    case .invariant: "an invariant of the kernel that is broken"
    case .provenance: "provenance, no package and no key vouches for it"
    case .readingPath: "reads of the same memory that differ"
    }
  }
}
