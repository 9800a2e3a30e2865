internal import KernelModel
internal import KernelObjects

/// All that is registered with a kernel, and what of it leads astray at each of several looks: the check `registered-code` and the
/// list of hooks go by it.
struct RegisteredReading {
  /// Of rows that this kernel has.
  private(set) var looks: [RegisteredLook] = []
  /// Kinds that this kernel has, and lays out in a way that no row knows.
  let laidOutOtherwise: [String]
  let expectation: Expectation

  /// Lists change while they are read, and modules come and go.
  private static let looks = 6

  /// Pages of memory that one snapshot keeps at most, or those of one row.
  private static let mostPages = 2048

  static let rows = RegisteredRow.rows + Machine.registeredRows

  private static let member = Workings.Member { (kernel) throws(CannotCheck) in try RegisteredReading(kernel) }

  static func of(_ kernel: Kernel) throws(CannotCheck) -> RegisteredReading { try kernel.value(of: member) }

  private init(_ kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    expectation = structures.expectation
    let targets = RegisteredTargets(kernel, structures)
    var snapshot = structures.reader.reading(kernel.memory.fresh)
    var otherwise: [String] = []
    for row in Self.rows {
      var look = RegisteredLook(row, snapshot, targets)
      switch look.presence {
      case .absent: continue
      case .laidOutOtherwise:
        if !otherwise.contains(row.name) { otherwise.append(row.name) }
        continue
      case .found: break
      }
      if snapshot.live.pageCount > Self.mostPages { snapshot = structures.reader.reading(kernel.memory.fresh) }
      Self.settle(&look, kernel, structures, targets)
      looks.append(look)
    }
    guard !looks.isEmpty else { throw .symbolMissing("softirq_vec") }
    let names = Set(looks.map(\.row.name))
    laidOutOtherwise = otherwise.filter { !names.contains($0) }
  }

  private static let mostNamed = 4

  /// What could not be followed, by why.
  var unanswered: [(parts: String, reason: CannotCheck)] {
    var parts: [(names: [String], reason: CannotCheck)] = []
    for look in looks {
      guard let obstacle = look.obstacle else { continue }
      if let index = parts.firstIndex(where: { $0.reason == obstacle }) {
        if !parts[index].names.contains(look.row.name) { parts[index].names.append(look.row.name) }
      } else {
        parts.append(([look.row.name], obstacle))
      }
    }
    return parts.map { names, reason in
      let rest = names.count > Self.mostNamed ? " and \(names.count - Self.mostNamed) more" : ""
      return (names.prefix(Self.mostNamed).joined(separator: ", ") + rest, reason)
    }
  }

  /// Looks again for as long as something is wrong, or could not be followed for a reason that may pass.
  ///
  /// A look that could not follow all does not clear what it did not see.
  private static func settle(
    _ look: inout RegisteredLook, _ kernel: Kernel, _ structures: KernelStructures, _ targets: RegisteredTargets
  ) {
    var wrong = look.wrong
    var confirmed: Set<RegisteredLook.Lead> = []
    var whole = look.obstacle == nil ? look : nil
    for _ in 1..<looks where !wrong.isEmpty || whole == nil {
      // What cannot pass does not.
      if wrong.isEmpty, look.obstacle?.mayPass == false { return }
      kernel.pause()
      let next = RegisteredLook(look.row, structures.reader.reading(kernel.memory.fresh), targets)
      let seen = Set(next.wrong)
      confirmed.formUnion(seen.intersection(wrong))
      if next.obstacle == nil {
        wrong.removeAll { !seen.contains($0) }
        whole = next
      } else {
        look = next
      }
    }
    look = whole ?? look
    // A table that many things have is wrong once.
    var told: Set<RegisteredLook.Lead> = []
    look.wrong = wrong.filter { confirmed.contains($0) && told.insert($0).inserted }
  }
}
