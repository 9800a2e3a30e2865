internal import KernelModel

/// Compares, for one system call interface, where each number goes with where it should go.
struct DispatchComparison {
  let abi: SystemCallABI
  let code: DispatchCode
  /// Who is called where functions run; nil if that is not known.
  let interceptions: Interceptions?
  private let starts: [DispatchStart]
  private let labels: [Int: String]
  private var kernel: Kernel { code.kernel }

  /// What is wrong with a number.
  private enum Fault {
    case handler(Route.Handler, SlotJudge.Fault)
    /// It leads to no handler at all, and should.
    case lost(expected: Finding.Value)
  }

  /// One wrong way, and all numbers that take it.
  private struct Deviation {
    var fault: Fault
    var numbers: [Int] = []
    var starts: [String] = []
  }

  /// Numbers that go to one wrong place and still get a finding each.
  private static let mostFindingsOfAPlace = 8
  /// Calls that one finding says it is about.
  private static let mostEffects = 64

  init(of abi: SystemCallABI, code: DispatchCode, interceptions: Interceptions?) {
    self.abi = abi
    self.code = code
    self.interceptions = interceptions
    starts = DispatchStart.all(of: abi, in: code.live)
    labels = Dictionary(abi.numbers.map { ($0.number, $0.name) }, uniquingKeysWith: { first, _ in first })
  }

  /// - Parameter broken: functions of the entry code from which no call is followed, because ``EntryChain`` already
  ///   found what is wrong with them.
  func examine(broken: Set<String>, into examination: inout Examination) {
    guard let first = starts.first else {
      guard abi == .x86_64 else {
        examination.remark("system calls of \(abi.callers): this kernel has no code for them")
        examination.note(Subject(abi.dispatcher), .text("absent"))
        return
      }
      return examination.leaveUnanswered(Subject("do_syscall_64"), .symbolMissing("do_syscall_64"))
    }
    let name = starts.first(where: \.isDispatcher)?.function.name ?? first.function.name
    var deviations: [KernelAddress?: Deviation] = [:]
    var facts: [Int: String] = [:]
    var handlers: [KernelAddress: [Int]] = [:]
    let whole = starts.filter { !broken.contains($0.function.name) }
    let ways = whole.map { FollowedCalls(from: $0, live: code.live, reference: code.reference) }
    let dispatcher = ways.first { $0.start.isDispatcher && $0.imageIsFollowed }
    for way in ways {
      guard !isOff(way, into: &examination) else { continue }
      // Where the image's own way to the dispatcher cannot be followed, what the dispatcher does there says it as well.
      let followed = way.imageIsFollowed ? way : way.expecting(dispatcher)
      let expectations = expectations(of: followed, called: name)
      if !examination.expectations.contains(where: { $0.subject == name }) {
        examination.expect(expectations.expectation)
      }
      judge(followed, expectations, &facts, &deviations, into: &examination)
      for call in followed.calls {
        for handler in call.live.handlers where handlers[handler.address]?.last != call.number {
          handlers[handler.address, default: []].append(call.number)
        }
      }
    }
    for (number, handler) in facts.sorted(by: { $0.key < $1.key }) {
      examination.note(Subject(name, index: number, label: labels[number]), .place(Place(symbol: handler)))
    }
    let wrong = Set(deviations.values.flatMap(\.numbers))
    for number in wrong.sorted() {
      examination.note(Subject(name, index: number, label: labels[number]), .text("not the expected handler"))
    }
    let names = whole.map(\.function.name).joined(separator: ", ")
    examination.remark("system calls of \(abi.callers): \(facts.count) numbers followed to a handler, from \(names)")
    let ordered = deviations.sorted {
      ($0.value.numbers.min() ?? 0, $0.key?.rawValue ?? 0) < ($1.value.numbers.min() ?? 0, $1.key?.rawValue ?? 0)
    }
    for deviation in ordered.map(\.value) { report(deviation, called: name, into: &examination) }
    for (handler, numbers) in handlers.sorted(by: { $0.key < $1.key }) {
      tellCalled(in: handler, of: Set(numbers).sorted(), called: name, into: &examination)
    }
  }

  /// Tells who is called in a handler besides it, or in its place.
  private func tellCalled(
    in handler: KernelAddress, of numbers: [Int], called name: String, into examination: inout Examination
  ) {
    guard let called = interceptions?.called(inFunctionAt: handler), !called.isEmpty else { return }
    let words = InterceptionFindings(kernel: kernel, manual: SyscallDispatch.manual)
    guard numbers.count > Self.mostFindingsOfAPlace else {
      for number in numbers {
        let call = labels[number] ?? "number \(number)"
        words.tell(
          called, of: Subject(name, index: number, label: labels[number]),
          callers: "every \(call) call of \(abi.callers)", into: &examination)
      }
      return
    }
    words.tell(
      called, of: Subject(describe(handler)), callers: "every call of \(numbers.count) system call numbers",
      into: &examination)
  }

  // MARK: Judging

  /// Whether no number is served from there, here and in the vendor's image; that is said, too.
  private func isOff(_ followed: FollowedCalls, into examination: inout Examination) -> Bool {
    guard followed.isSwitchedOff, !followed.imageIsFollowed else { return false }
    let name = followed.start.function.name
    if abi == .x32, !followed.start.isDispatcher {
      examination.remark("system calls of \(abi.callers): switched off, or not built in: \(name) serves none of them")
      examination.note(Subject(name, label: "x32"), .text("serves none"))
    } else {
      examination.leaveUnanswered(
        Subject(name), .implausible(name, "was followed, and led to the handler of no system call"))
    }
    return true
  }

  private func expectations(of followed: FollowedCalls, called name: String) -> SlotExpectations {
    let withheld: Withheld
    switch code.image {
    case .success(let source) where followed.imageIsFollowed:
      var addresses: [Int: KernelAddress] = [:]
      for call in followed.calls { addresses[call.number] = call.reference?.handlers.first?.address }
      return SlotExpectations(of: name, addresses: addresses, from: source)
    case .success(let source):
      withheld = Withheld(source, why: "serves none of these calls, or could not be followed")
    case .failure(let reason):
      withheld = reason
    }
    return SlotExpectations(of: name, numberedAs: abi, whyNoImage: withheld, in: kernel)
  }

  private func judge(
    _ followed: FollowedCalls, _ expectations: SlotExpectations, _ facts: inout [Int: String],
    _ deviations: inout [KernelAddress?: Deviation], into examination: inout Examination
  ) {
    let name = followed.start.function.name
    let judge = SlotJudge(kernel: kernel, abi: abi, expectations: expectations)
    let comparesImage = expectations.expectation.rung == .vendorImage
    // Numbers that are not assigned are served for other reasons: x32's, which have a bit more, among them.
    let lastServed = followed.calls.last { !$0.live.handlers.isEmpty && labels[$0.number] != nil }?.number ?? 0
    var blocked: [Route.Obstacle: [Int]] = [:]
    var unproven = UnprovenHandlers()
    var lost: [Int] = []
    for call in followed.calls {
      let probed = call.live.handlers.first { isProbe($0.address) }
      let faults = call.live.handlers.compactMap { handler -> Fault? in
        if handler.address == probed?.address { return nil }
        if call.reference?.handlers.contains(where: { $0.address == handler.address }) == true {
          if facts[call.number] == nil,
            case .right(let name) = judge.judge(handler.address, at: call.number, by: .code)
          {
            facts[call.number] = name
          }
          return nil
        }
        if comparesImage, call.reference?.isEmpty == true {
          let place = kernel.owner(of: handler.address)
          return .handler(handler, .astray(place, expected: "no handler: the vendor's kernel refuses this number"))
        }
        switch judge.judge(handler.address, at: call.number, by: handler.entry == nil ? .code : .table) {
        case .right(let name):
          if facts[call.number] == nil { facts[call.number] = name }
          return nil
        case .unproven(let place):
          unproven.add(call.number, place)
          return nil
        case .wrong(let fault): return .handler(handler, fault)
        }
      }
      for fault in faults { note(fault, call.number, name, &deviations) }
      guard faults.isEmpty else { continue }
      let probe = probed.map { Route.Obstacle(reason: .breakpoint, site: $0.site) }
      let hindrance = probe ?? call.live.obstacles.first ?? (comparesImage ? call.reference?.obstacles.first : nil)
      if let obstacle = hindrance {
        blocked[obstacle, default: []].append(call.number)
        facts[call.number] = nil
      } else if call.live.isEmpty, let expected = call.reference?.handlers.first {
        note(.lost(expected: handler(at: expected.address)), call.number, name, &deviations)
      } else if call.live.isEmpty, call.reference == nil, call.number < lastServed, labels[call.number] != nil {
        lost.append(call.number)
      }
    }
    leaveUnanswered(blocked, of: name, into: &examination)
    unproven.leaveUnanswered(of: name, labels, into: &examination)
    leaveUnanswered(
      lost, of: name, .implausible(name, "was followed, and led to no handler, though it does for later numbers"),
      into: &examination)
  }

  /// Whether code is a probe's: an optimised kprobe jumps where an ordinary one has a breakpoint.
  private func isProbe(_ address: KernelAddress) -> Bool {
    kernel.owner(of: address).place?.module == "__builtin__kprobes"
  }

  /// Numbers that meet the same obstacle are one open question, and so are obstacles of one kind if there are many.
  private func leaveUnanswered(
    _ blocked: [Route.Obstacle: [Int]], of name: String, into examination: inout Examination
  ) {
    let kinds = Dictionary(grouping: blocked.sorted { ($0.value[0], $0.key.site) < ($1.value[0], $1.key.site) }) {
      $0.key.reason
    }
    for alike in kinds.values.sorted(by: { $0[0].value[0] < $1[0].value[0] }) {
      if alike.count > Self.mostFindingsOfAPlace {
        leaveUnanswered(Set(alike.flatMap(\.value)).sorted(), of: name, alike[0].key.cannotCheck, into: &examination)
      } else {
        for (obstacle, numbers) in alike {
          leaveUnanswered(numbers, of: name, obstacle.cannotCheck, into: &examination)
        }
      }
    }
  }

  private func leaveUnanswered(
    _ numbers: [Int], of name: String, _ reason: CannotCheck, into examination: inout Examination
  ) {
    guard let first = numbers.first else { return }
    let label = numbers.count == 1 ? labels[first] : "and \(numbers.count - 1) more"
    examination.leaveUnanswered(Subject(name, index: first, label: label), reason)
  }

  private func note(_ fault: Fault, _ number: Int, _ start: String, _ deviations: inout [KernelAddress?: Deviation]) {
    var target: KernelAddress?
    if case .handler(let handler, _) = fault { target = handler.address }
    var deviation = deviations[target] ?? Deviation(fault: fault)
    if !deviation.numbers.contains(number) { deviation.numbers.append(number) }
    if !deviation.starts.contains(start) { deviation.starts.append(start) }
    deviations[target] = deviation
  }

  // MARK: Reporting

  private func report(_ deviation: Deviation, called name: String, into examination: inout Examination) {
    let numbers = deviation.numbers.sorted()
    guard numbers.count > Self.mostFindingsOfAPlace else {
      for number in numbers {
        let subject = Subject(name, index: number, label: labels[number])
        let call = labels[number] ?? "number \(number)"
        examination.report(finding(deviation, subject, calls: "every \(call) call"))
      }
      return
    }
    var finding = finding(deviation, Subject(name), calls: "every one of these calls")
    let shown = numbers.prefix(12).map { number in "\(number)" + (labels[number].map { " (\($0))" } ?? "") }
    finding.message = "\(numbers.count) system call numbers: " + finding.message
    finding.effects = numbers.prefix(Self.mostEffects).map {
      .init(.redirectsSystemCall, labels[$0] ?? "number \($0)")
    }
    finding.evidence.insert(
      .init("numbers", .text(shown.joined(separator: ", ") + (numbers.count > shown.count ? ", ..." : ""))), at: 0)
    examination.report(finding)
  }

  private func finding(_ deviation: Deviation, _ subject: Subject, calls: String) -> Finding {
    let ways = Finding.Evidence("followed from", .text(deviation.starts.joined(separator: ", ")))
    switch deviation.fault {
    case .lost(let expected):
      return Finding(
        kind: .redirection, severity: .critical, subject: subject, message: "leads to no handler", expected: expected,
        observed: "the code returns, or goes on elsewhere, without calling a handler", evidence: [ways],
        effects: [.init(.redirectsSystemCall, subject.label ?? subject.description)],
        meaning: "\(calls) of \(abi.callers) is swallowed, or served by code that could not be followed")
    case .handler(let handler, let fault):
      let entry = handler.entry.map(describeEntry)
      let meaning =
        "\(calls) of \(abi.callers) runs what stands there: the kernel's own code leads to it"
        + (entry.map { ", through \($0), whose change syscall-table reports too" } ?? "")
      var finding =
        SlotFinding(
          kind: .redirection, subject: subject, entry: handler.address, fault: fault, meaning: meaning, kernel: kernel,
          call: subject.label ?? subject.description, place: handler.entry
        ).finding
      // Who changes where a number goes has the reasons of one who changes a table's entry.
      finding.innocentCauses = finding.innocentCauses ?? SyscallTable.manual.innocentCauses
      finding.evidence.append(ways)
      finding.evidence.append(
        .init("branch", "\(kernel.owner(of: handler.site)): \(code.live.text(at: handler.site.rawValue))"))
      if let entry { finding.evidence.append(.init("read from", .text(entry))) }
      return finding
    }
  }

  /// A table's entry in words: `sys_call_table[59]`.
  private func describeEntry(_ entry: KernelAddress) -> String {
    guard let below = kernel.symbols.nearest(atOrBelow: entry), let offset = entry.offset(from: below.address) else {
      return entry.description
    }
    return "\(below.name)[\(offset / 8)]"
  }

  private func describe(_ address: KernelAddress) -> String {
    abi.handler(at: address, in: kernel).map { "\($0.name) at \(address)" } ?? address.description
  }

  private func handler(at address: KernelAddress) -> Finding.Value {
    abi.handler(at: address, in: kernel).map { "\($0)" } ?? "\(address)"
  }
}
