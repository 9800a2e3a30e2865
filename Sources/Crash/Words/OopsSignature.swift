package import KernelFormats
internal import KernelModel

extension OopsText {
  /// What the same trouble has in common on every machine that has it: its kind, and the first functions that say something.
  ///
  /// `null-dereference: acme_rule_match, acme_check_path, acme_sys_open`. Offsets, addresses, and what compilers add to names differ
  /// from one build to the next, and are left out.
  package var signature: String {
    let names = meaningfulFunctions
    return names.isEmpty ? kindWord : "\(kindWord): \(names.joined(separator: ", "))"
  }

  /// Functions that a signature names, at most.
  private static let mostNames = 3

  /// The first functions, innermost first, that neither only report trouble nor begin a task.
  var meaningfulFunctions: [String] {
    var names: [String] = []
    let frames = innermostPlaces
    for place in frames {
      guard let symbol = place.place?.symbol else { continue }
      if KernelFunctions.isStart(symbol), !names.isEmpty { break }
      let name = KernelFunctions.bare(symbol)
      guard !KernelFunctions.isOfReporting(name), !KernelFunctions.isStart(name), name != names.last else { continue }
      names.append(name)
      if names.count == Self.mostNames { return names }
    }
    return names
  }

  /// Where the processor was, and who called that: what the unwinder vouches for.
  var innermostPlaces: [OopsPlace] {
    var places: [OopsPlace] = []
    if case .stackProtector(.some(let place)) = kind { places.append(place) }
    if let instructionPointer { places.append(instructionPointer) }
    let main = traces.first { $0.heading == nil } ?? traces.first
    for entry in main?.entries ?? [] where entry.isReliable && entry.place != places.last { places.append(entry.place) }
    return places
  }

  /// What happened, in a word that stays the same from version to version.
  package var kindWord: String {
    if let complaint, !kind.isException || kind == .bug {
      return complaint.rawValue.lowercased().split(separator: " ").joined(separator: "-")
    }
    return switch kind {
    case .stackProtector: "stack-protector"
    case .nullDereference: isInstructionFetch ? "null-call" : "null-dereference"
    case .pageFault: isInstructionFetch ? "bad-call" : "page-fault"
    case .generalProtection: "general-protection"
    case .bug: "bug"
    case .invalidOpcode: "invalid-opcode"
    case .exception: "exception"
    case .doubleFault: "double-fault"
    case .stackGuardHit: "stack-overflow"
    case .softLockup: "soft-lockup"
    case .hardLockup: "hard-lockup"
    case .hungTask: "hung-task"
    case .rcuStall: "rcu-stall"
    case .requested: "requested"
    case .warning: "warning"
    case .complaint: "complaint"
    case .panic: "panic"
    }
  }
}
