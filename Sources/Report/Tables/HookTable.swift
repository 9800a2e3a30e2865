internal import KernelModel

extension VerdictTable {
  /// Who is called in a kernel, a row for each way in; also what came with the kernel, whose provenance is `vendor`.
  static let hooks = VerdictTable(
    "hooks",
    """
    owner_kind owner provenance reason severity file package signer build_id equals_file# mechanism watches address calls \
    redirects# could_change objection registered_by
    """)

  mutating func add(_ hooks: Hooks) {
    for group in hooks.groups {
      let owner = group.owner
      let (kind, name) = owner.kindAndName
      for hook in group.hooks {
        add([
          .text(kind), Cell(name), .text(PlainText(owner.standing.rawValue)), .text(PlainText(sentence: owner.reason)),
          Cell([owner.severity, hook.severity].compactMap(\.self).max().map { PlainText($0.rawValue) }),
          Cell(owner.file.map { PlainText($0) }), Cell(owner.package.map { PlainText($0) }),
          Cell(owner.signer.map { PlainText($0) }), Cell(owner.buildID.map { PlainText($0.description) }),
          Cell(owner.likeness.flatMap(\.isEqual)), .text(hook.mechanismWords), .text(hook.target.words),
          .text(PlainText(hook.callee.description)), .text(PlainText(sentence: hook.owner.description)),
          Cell(hook.redirects), Cell(hook.mayChange.map { PlainText($0.rawValue) }),
          Cell(hook.objection.isEmpty ? nil : PlainText(sentence: hook.objection)),
          Cell(hook.registrant.map { PlainText($0) }),
        ])
      }
    }
  }
}
