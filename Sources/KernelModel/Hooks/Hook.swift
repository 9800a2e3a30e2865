/// One way by which other code than the kernel's own image is called, or says where the kernel's calls go on.
package struct Hook: Hashable, Sendable {
  /// What makes the call.
  package enum Mechanism: String, Hashable, Sendable, CaseIterable {
    case tracer = "ftrace"
    case directCall = "direct-call"
    case livePatch = "live-patch"
    case functionProbe = "fprobe"
    case graphTracer = "function-graph"
    case probe = "kprobe"
    case returnProbe = "kretprobe"
    case tracepoint
    case notifierChain = "notifier-chain"
    /// What else was registered: a netfilter hook, an entry of /proc, a timer.
    case registered = "registered-code"
    case program = "bpf"
    /// A table of system calls, or the code that chooses a handler.
    case systemCallDispatch = "system-call-dispatch"
  }

  /// What is watched or redirected.
  package enum Target: Hashable, Sendable {
    /// Functions: how many, and the first of them, those that handle system calls before others.
    case functions([Function], count: Int)
    /// Every function that can be traced, but so many.
    case everyFunction(except: Int)
    /// Functions of which it cannot be told which they are.
    case unknownFunctions
    /// A number that leads elsewhere than to the kernel's own code, by this table or function.
    case systemCall(SystemCall, via: String)
    /// A tracepoint.
    case event(String)
    case chain(String)
    /// What is no code of the kernel's, in words: a network device, a control group, a program of user space.
    case place(String)
  }

  /// A function, or a place in one, where the call is made.
  package struct Function: Hashable, Sendable {
    package var place: Place
    package var systemCall: SystemCall?

    package init(place: Place, systemCall: SystemCall? = nil) {
      self.place = place
      self.systemCall = systemCall
    }
  }

  /// The system call that a function handles, or all of them that pass it.
  package struct SystemCall: Hashable, Sendable {
    /// Nil if every call of these programs passes.
    package var number: Int?
    /// As user space knows it; nil for a number that is not assigned.
    package var name: String?
    /// Whose calls: `64-bit programs`.
    package var programs: String

    package init(number: Int?, name: String?, programs: String) {
      self.number = number
      self.name = name
      self.programs = programs
    }
  }

  /// What of the calls the code can change.
  package enum Change: String, Hashable, Sendable {
    /// Where they go on.
    case course
    /// What they answer.
    case answer
  }

  /// One BPF program, where it hangs.
  package struct Program: Hashable, Sendable {
    /// By which bpf(2) knows it.
    package var number: UInt32
    /// What calls it, as bpftool says it: `fentry`, `xdp`.
    package var means: String

    package init(number: UInt32, means: String) {
      self.number = number
      self.means = means
    }
  }

  package var mechanism: Mechanism
  /// The BPF program that is called; nil for all else.
  package var program: Program?
  package var target: Target
  /// The code that is called.
  package var callee: KernelAddress
  /// Whose memory ``callee`` lies in.
  package var owner: Owner
  /// Whether it says where the functions' callers go instead.
  package var redirects: Bool
  /// What it could change without having told the kernel that it will; nil if nothing is known that it could.
  package var mayChange: Change?
  /// How bad it is, as the check says that is about it; nil if its owner may do so.
  package var severity: Finding.Severity?
  /// Why it is asked about; empty if that is no question.
  package var objection: String
  /// The kernel's structure that registers it; nil if there is none.
  package var structure: KernelAddress?
  /// The module whose memory the structure lies in, where that is another than the one that is called.
  package var registrant: String?

  package init(
    mechanism: Mechanism, program: Program? = nil, target: Target, callee: KernelAddress, owner: Owner,
    redirects: Bool = false,
    mayChange: Change? = nil, severity: Finding.Severity? = nil, objection: String = "",
    structure: KernelAddress? = nil, registrant: String? = nil
  ) {
    self.mechanism = mechanism
    self.program = program
    self.target = target
    self.callee = callee
    self.owner = owner
    self.redirects = redirects
    self.mayChange = mayChange
    self.severity = severity
    self.objection = objection
    self.structure = structure
    self.registrant = registrant
  }
}
