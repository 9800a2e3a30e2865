internal import KernelFormats
internal import KernelModel

/// Where each system call number goes from one function, in the running kernel and in the vendor's image.
struct FollowedCalls {
  struct Call {
    let number: Int
    let live: Route
    /// Nil without an image.
    let reference: Route?
  }

  let start: DispatchStart
  let calls: [Call]

  init(from start: DispatchStart, live: CodeMap, reference: CodeMap?) {
    self.start = start
    let inMemory = DispatchInterpreter(code: live, start: start)
    let inImage = reference.map { DispatchInterpreter(code: $0, start: start) }
    func follow(_ number: Int) -> Call {
      let argument = start.argument(for: number)
      return Call(
        number: number, live: inMemory.follow(argument), reference: inImage?.follow(argument))
    }
    var calls = start.numbers.map(follow)
    calls += start.further(live.comparedNumbers).map(follow)
    self.calls = calls
  }

  /// Whether the running kernel serves no number at all from here, and nothing hindered us: it is switched off.
  var isSwitchedOff: Bool { calls.allSatisfy { !$0.live.isImplemented && $0.live.obstacles.isEmpty } }

  /// Whether the vendor's image, followed from here, leads to handlers.
  var imageIsFollowed: Bool { calls.contains { $0.reference?.isImplemented == true } }
}
