internal import KernelFormats
internal import KernelModel

/// The few layouts that asking for modules and for executable memory needs, found by what lies in memory, of a kernel that nobody's
/// type information tells of.
///
/// Each is believed only if all that it leads to is what it must be, and left out otherwise: whoever asks for it is told why there
/// is no type information, and why it was not believed.
struct InferredLayouts {
  let types: KernelTypes
  /// What is known of modules, for types that are put together otherwise.
  let modules: [BTF.Outline]

  /// The lists of areas and of modules change while they are read.
  private static let attempts = 6

  /// - Parameters:
  ///   - obstacle: why there is no type information.
  ///   - text: the kernel's code.
  /// - Throws: if nothing is known.
  init(
    _ kernel: Kernel, lacking obstacle: CannotCheck, symbols: SymbolIndex, text: Range<UInt64>
  ) throws(CannotCheck) {
    guard case .withheld(var withheld) = obstacle, withheld.isNotBuilt, symbols.namesData else { throw obstacle }
    var found: (modules: [BTF.Outline], others: [BTF.Outline]) = ([], [])
    var doubts: [String] = []
    var memory = kernel.memory
    for _ in 0..<(kernel.isRunning ? Self.attempts : 1) {
      let evidence = try LayoutEvidence(kernel, symbols: symbols, text: text, memory)
      (found, doubts) = Self.look(evidence)
      guard !doubts.isEmpty else { break }
      kernel.pause()
      memory = memory.fresh
    }
    if !doubts.isEmpty { withheld.why += "; memory does not show it either: \(doubts.joined(separator: "; "))" }
    modules = found.modules
    types = try KernelTypes(found.modules + found.others, lackingOthers: .withheld(withheld))
  }

  private static func look(
    _ evidence: LayoutEvidence
  ) -> (found: (modules: [BTF.Outline], others: [BTF.Outline]), doubts: [String]) {
    var found = InferredTracing.tracer(evidence.symbols, evidence.text, evidence.live)
    found += InferredTracing.probes(evidence.symbols, evidence.live)
    var doubts: [String] = []
    func ask(_ part: (LayoutEvidence) throws(LayoutEvidence.Doubt) -> [BTF.Outline]) {
      do throws(LayoutEvidence.Doubt) {
        found += try part(evidence)
      } catch {
        doubts.append(error.reason)
      }
    }
    let tracing = found
    found = []
    ask { (evidence) throws(LayoutEvidence.Doubt) in try InferredModules.outlines(evidence) }
    let modules = found
    found = tracing
    let before = found.count
    ask { (evidence) throws(LayoutEvidence.Doubt) in try InferredAreas.outlines(evidence) }
    let areas = Array(found[before...])
    ask { (evidence) throws(LayoutEvidence.Doubt) in try InferredPrograms.outlines(evidence, areas: areas) }
    if evidence.symbols["ftrace_ops_list"] != nil, !found.contains(where: { $0.name == "ftrace_ops" }) {
      ask { (evidence) throws(LayoutEvidence.Doubt) in try InferredTracing.users(evidence) }
    }
    ask { (evidence) throws(LayoutEvidence.Doubt) in try InferredTracing.slots(evidence) }
    ask { (evidence) throws(LayoutEvidence.Doubt) in try Machine.inferredLayouts(evidence) }
    return ((modules, found), doubts)
  }
}
