/// All by which somebody else than the kernel's own image is called in a kernel, by whose code it is.
package struct Hooks: Hashable, Sendable {
  /// What calls one owner's code.
  package struct Group: Hashable, Sendable {
    package var owner: HookOwner
    package var hooks: [Hook]

    package init(_ owner: HookOwner, _ hooks: [Hook]) {
      self.owner = owner
      self.hooks = hooks
    }

    /// How bad the worst of it is; nil if nothing is wrong.
    package var severity: Finding.Severity? { ([owner.severity] + hooks.map(\.severity)).compactMap { $0 }.max() }

    /// Whether it is the vendor's own code that may be called.
    package var isVendors: Bool { owner.standing == .vendor && severity == nil }
  }

  /// A part that could not be asked.
  package struct Unasked: Hashable, Sendable {
    package var part: String
    package var reason: CannotCheck

    package init(_ part: String, _ reason: CannotCheck) {
      self.part = part
      self.reason = reason
    }
  }

  /// The worst first.
  package var groups: [Group]
  package var unasked: [Unasked]
  /// What was left out because it is the vendor's own.
  package var leftOut = LeftOut()

  package struct LeftOut: Hashable, Sendable {
    package var owners: Int
    package var hooks: Int

    package init(owners: Int = 0, hooks: Int = 0) {
      self.owners = owners
      self.hooks = hooks
    }
  }

  package init(_ groups: [Group], unasked: [Unasked]) {
    self.groups = groups.enumerated().sorted { left, right in
      let (first, second) = (Self.rank(left.element), Self.rank(right.element))
      return first == second ? left.offset < right.offset : first > second
    }.map(\.element)
    self.unasked = unasked
  }

  /// The same without what the vendor's own code does.
  package var foreign: Hooks {
    var hooks = Hooks(groups.filter { !$0.isVendors }, unasked: unasked)
    let vendors = groups.filter(\.isVendors)
    hooks.leftOut = LeftOut(owners: vendors.count, hooks: vendors.reduce(0) { $0 + $1.hooks.count })
    return hooks
  }

  /// How far up a group stands: the worst, then the least vouched for.
  private static func rank(_ group: Group) -> Int {
    let severity =
      switch group.severity {
      case .critical: 2
      case .warning: 1
      case nil: 0
      }
    let standings: [HookOwner.Standing] = [.vendor, .accounted, .unknown, .nobody, .hidden, .unowned]
    return severity * standings.count + (standings.firstIndex(of: group.owner.standing) ?? 0)
  }
}
