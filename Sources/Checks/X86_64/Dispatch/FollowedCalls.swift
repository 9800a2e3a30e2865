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
  private(set) var calls: [Call]

  init(from start: DispatchStart, live: CodeMap, reference: CodeMap?) {
    self.start = start
    let inMemory = DispatchInterpreter(code: live, start: start)
    let inImage = reference.map { DispatchInterpreter(code: $0, start: start) }
    func follow(_ numbers: [Int]) -> [Call] {
      let arguments = numbers.map(start.argument)
      let live = inMemory.follow(arguments)
      let reference = inImage?.follow(arguments)
      return numbers.indices.map { Call(number: numbers[$0], live: live[$0], reference: reference?[$0]) }
    }
    let calls = follow(start.numbers)
    let further = start.further(live.comparedNumbers)
    self.calls = further.isEmpty ? calls : calls + follow(further)
  }

  /// The same calls; those that go through `dispatcher`, held against what the image's does with them.
  func expecting(_ dispatcher: FollowedCalls?) -> FollowedCalls {
    guard let dispatcher else { return self }
    let references = Dictionary(
      dispatcher.calls.map { ($0.number, $0.reference) }, uniquingKeysWith: { first, _ in first })
    var same = self
    same.calls = calls.map { call in
      let handlers = call.live.handlers
      guard !handlers.isEmpty, handlers.allSatisfy({ $0.via == dispatcher.start.function.name }),
        let reference = references[call.number]
      else { return call }
      return Call(number: call.number, live: call.live, reference: reference)
    }
    return same
  }

  /// Whether the running kernel serves no number at all from here, and nothing hindered us: it is switched off.
  var isSwitchedOff: Bool { calls.allSatisfy { !$0.live.isImplemented && $0.live.obstacles.isEmpty } }

  /// Whether the vendor's image, followed from here, leads to handlers.
  var imageIsFollowed: Bool { calls.contains { $0.reference?.isImplemented == true } }
}
