/// What one check saw: facts, findings, and the parts of its question it could not answer.
package struct Examination: Sendable {
  /// What was seen, wrong or not.
  package private(set) var facts: [(subject: Subject, fact: Fact)] = []
  /// Those of them that hold for as long as this build of the kernel runs on this host, across reboots.
  ///
  /// A baseline remembers these.
  package private(set) var lastingFacts: [RecordedFact] = []
  /// What is wrong.
  package private(set) var findings: [Finding] = []
  /// Parts of the question that apply and could not be answered.
  package private(set) var unanswered: [(subject: Subject, reason: CannotCheck)] = []
  /// Sentences a reader needs to understand the answer: how a table was found, whether it is in use.
  package private(set) var remarks: [String] = []
  /// What the check compared with, and why nothing better was to be had.
  package private(set) var expectations: [Expectation] = []
  /// What was compared byte for byte, object by object.
  package private(set) var accounts: [TextAccount] = []
  /// Where pointers lead, object by object.
  package private(set) var pointerAccounts: [PointerAccount] = []

  package init() {}

  /// - Parameter lasting: false for what ordinary life changes: which modules are loaded, how much memory is executable,
  ///   whether a device is there to be asked.
  package mutating func note(_ subject: Subject, _ fact: Fact, lasting: Bool = true) {
    facts.append((subject, fact))
    if lasting { lastingFacts.append(RecordedFact(subject: subject, fact: fact)) }
  }

  package mutating func report(_ finding: Finding) {
    findings.append(finding)
  }

  package mutating func leaveUnanswered(_ subject: Subject, _ reason: CannotCheck) {
    unanswered.append((subject, reason))
  }

  package mutating func remark(_ sentence: String) {
    remarks.append(sentence)
  }

  package mutating func account(for text: TextAccount) {
    accounts.append(text)
  }

  package mutating func account(for pointers: PointerAccount) {
    pointerAccounts.append(pointers)
  }

  package mutating func expect(_ expectation: Expectation) {
    expectations.append(expectation)
  }
}

/// What a fact or a finding is about: `sys_call_table[59]`.
package struct Subject: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var name: String
  package var index: Int?
  /// What people call it: `execve` for entry 59.
  package var label: String?

  package init(_ name: String, index: Int? = nil, label: String? = nil) {
    self.name = name
    self.index = index
    self.label = label
  }

  package var description: String {
    name + (index.map { "[\($0)]" } ?? "") + (label.map { " (\($0))" } ?? "")
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.name, left.index ?? -1, left.label == nil ? 0 : 1, left.label ?? "")
      < (right.name, right.index ?? -1, right.label == nil ? 0 : 1, right.label ?? "")
  }
}

/// Something a check saw, in a form that survives a reboot: there is no case for an address.
package enum Fact: Hashable, Sendable {
  case place(Place)
  case text(String)
  case count(UInt64)
  case flag(Bool)
}

extension Fact: CustomStringConvertible {
  package var description: String {
    switch self {
    case .place(let place): place.description
    case .text(let text): text
    case .count(let count): "\(count)"
    case .flag(let flag): flag ? "yes" : "no"
    }
  }
}

/// What a check compared the kernel with, best first.
package struct Expectation: Hashable, Sendable {
  /// The rungs of the ladder, best first.
  package enum Rung: String, Hashable, Sendable, CaseIterable {
    case vendorImage = "vendor-image"
    case kernelRecords = "kernel-records"
    case systemCallNumbers = "system-call-numbers"
    case rangesOnly = "ranges-only"
  }

  /// What was compared: `sys_call_table`.
  package var subject: String
  package var rung: Rung
  /// Where the expectation came from, in words: a path, or the records' symbols.
  package var source: String
  /// Why each better rung could not be used.
  package var whyNotBetter: [String]

  package init(subject: String, rung: Rung, source: String, whyNotBetter: [String]) {
    self.subject = subject
    self.rung = rung
    self.source = source
    self.whyNotBetter = whyNotBetter
  }
}
