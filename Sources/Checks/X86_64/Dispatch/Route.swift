internal import KernelModel

/// Where one system call number goes when the code is followed.
struct Route: Hashable {
  /// The functions that the code may call for it, each once: one, unless the code decides by something else, too.
  private(set) var handlers: [Handler] = []
  /// Whether one of the handlers is another than that of the calls that are not implemented.
  private(set) var isImplemented = false
  /// Ways that could not be followed to their end: as many as a person would read.
  private(set) var obstacles: [Obstacle] = []

  /// One function that code leads to.
  struct Handler: Hashable {
    /// In the running kernel.
    var address: KernelAddress
    /// What chose it: a dispatcher's name, or a table's.
    var via: String
    /// The table's entry it was read from, in the running kernel; nil if the code names the function itself.
    var entry: KernelAddress?
    /// The branch that leads there, in the running kernel.
    var site: KernelAddress
  }

  /// Why code could not be followed further, and where.
  struct Obstacle: Hashable {
    enum Reason: Hashable {
      case unreadable(CannotCheck)
      case notCode
      case breakpoint
      case unknownTarget
      case unknownCondition
      case endless
    }

    var reason: Reason
    /// In the running kernel.
    var site: KernelAddress
    /// The instruction there, as text; empty if there is none.
    var instruction = ""
  }

  /// Notes that the code calls `handler`.
  ///
  /// A call that is not implemented is also what becomes of a number that was lost on the way: what is implemented
  /// takes its place.
  mutating func reach(_ handler: Handler, isImplemented: Bool) {
    if isImplemented, !self.isImplemented { handlers = [] }
    guard isImplemented || !self.isImplemented else { return }
    self.isImplemented = isImplemented
    if !handlers.contains(where: { $0.address == handler.address }) { handlers.append(handler) }
  }

  mutating func meet(_ obstacle: Obstacle) {
    if obstacles.count < 4, !obstacles.contains(obstacle) { obstacles.append(obstacle) }
  }

  /// Whether nothing is known of the number: the code was followed, and led to no handler.
  var isEmpty: Bool { handlers.isEmpty && obstacles.isEmpty }
}

extension Route.Obstacle {
  /// The obstacle as the reason for an open question.
  var cannotCheck: CannotCheck {
    let place = "the code at \(site)" + (instruction.isEmpty ? "" : ", \(instruction),")
    return switch reason {
    case .unreadable(let reason): reason
    case .notCode: .implausible(place, "is no machine instruction")
    case .breakpoint:
      .implausible(place, "is a breakpoint, or a probe in its place: the probe decides where it goes on")
    case .unknownTarget: .implausible(place, "goes on at an address that could not be worked out")
    case .unknownCondition: .implausible(place, "decides by something else than the system call's number")
    case .endless: .implausible(place, "was reached by so many instructions that they may have no end")
    }
  }
}
