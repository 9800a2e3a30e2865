/// Something that is wrong with the kernel: what, where, what was expected, and what it means.
///
/// What else it could be and what to do is its check's ``Manual``'s to say, but where the finding knows better.
package struct Finding: Hashable, Sendable {
  package enum Severity: String, Hashable, Sendable, Comparable {
    /// Has an owner who may be innocent; a person must confirm.
    case warning
    /// Tampering, or a reading path that lies.
    case critical

    package static func < (left: Self, right: Self) -> Bool {
      left == .warning && right == .critical
    }
  }

  /// What sort of thing is wrong.
  package enum Kind: Hashable, Sendable {
    /// An entry of a table of system calls leads elsewhere.
    case systemCallEntry
    /// Code, or what code goes by, is not what it must be or leads elsewhere.
    case redirection
    /// Memory or a module is where none must be.
    case stranger
    /// What the kernel, the records of its host or the way of reading tell does not hold.
    case contradiction

    /// Whether it is a place that leads astray.
    package var isHook: Bool { self == .systemCallEntry || self == .redirection }
  }

  package var kind: Kind
  package var severity: Severity
  package var subject: Subject
  /// What is wrong, in one sentence.
  package var message: String
  /// What should have been seen.
  package var expected: Value
  /// What was seen.
  package var observed: Value
  /// Whose memory the thing found lies in; nil where that is no question.
  package var owner: Owner?
  /// The module that is on no list, or not on all, and whose memory the thing found wholly is or leads into.
  ///
  /// Nothing owns such memory; that an allow rule may name the module is all that follows from it.
  package var hiddenModule: String?
  /// Where it leads: the address whose neighbourhood is worth a look.
  package var target: KernelAddress?
  /// What supports the finding, a name and a value each.
  package var evidence: [Evidence]
  /// The module that nothing vouches for, if that is what was found: reports say its name first.
  package var stranger: Stranger?
  /// The BPF program that can do what was found, if that is what was found: an allow rule can name it.
  package var program: Program?
  /// The same program as it is loaded.
  package var loadedProgram: LoadedProgram?
  /// What the change does.
  package var effects: [Effect]
  /// The memory that was changed, or that the finding is about, where that is known; findings about the same memory have one
  /// cause.
  package var places: [MemoryRegion]
  /// The system calls by which a claim was made that is false: whoever redirects one of them can falsify it.
  package var toldBy: [String]
  /// By what it is known; nil where that is what the check's manual says.
  package var proof: Proof?
  /// What it means on this kernel: whether the changed thing is in use.
  package var meaning: String
  /// What else it could be; nil where that is what the check's manual says.
  package var innocentCauses: [String]?
  /// What to do, in order; nil where that is what the check's manual says.
  package var response: [String]?

  /// A module that nothing vouches for, as a baseline remembers the one that somebody accepted.
  package struct Stranger: Hashable, Sendable {
    package var module: String
    /// By what this very build of it is known: `build id 619a…`.
    package var identity: String

    package init(module: String, identity: String) {
      self.module = module
      self.identity = identity
    }
  }

  /// A BPF program, as it is known by on every host and after every reboot.
  package struct Program: Hashable, Sendable {
    package var name: String
    /// The digest of its instructions as they were loaded, in 16 hexadecimal digits.
    package var tag: String

    package init(name: String, tag: String) {
      self.name = name
      self.tag = tag
    }
  }

  /// A BPF program as this very kernel has it.
  package struct LoadedProgram: Hashable, Sendable {
    package var number: UInt32
    /// The first process that holds it, in words; nil if none is known.
    package var holder: String?

    package init(number: UInt32, holder: String?) {
      self.number = number
      self.holder = holder
    }
  }

  package struct Evidence: Hashable, Sendable {
    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  package init(
    kind: Kind, severity: Severity, subject: Subject, message: String, expected: Value, observed: Value,
    owner: Owner? = nil, hiddenModule: String? = nil, target: KernelAddress? = nil, evidence: [Evidence] = [],
    stranger: Stranger? = nil, program: Program? = nil, loadedProgram: LoadedProgram? = nil,
    effects: [Effect] = [], places: [MemoryRegion] = [],
    toldBy: [String] = [], proof: Proof? = nil, meaning: String = "", innocentCauses: [String]? = nil,
    response: [String]? = nil
  ) {
    self.kind = kind
    self.severity = severity
    self.subject = subject
    self.message = message
    self.expected = expected
    self.observed = observed
    self.owner = owner
    self.hiddenModule = hiddenModule
    self.target = target
    self.evidence = evidence
    self.stranger = stranger
    self.program = program
    self.loadedProgram = loadedProgram
    self.effects = effects
    self.places = places
    self.toldBy = toldBy
    self.proof = proof
    self.meaning = meaning
    self.innocentCauses = innocentCauses
    self.response = response
  }
}
