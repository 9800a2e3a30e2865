internal import KernelModel
internal import KernelObjects

/// One way by which other code than the kernel's own image is called where functions run.
struct Interception: Hashable {
  /// What calls it.
  enum Means: Hashable {
    case tracer
    /// A call that was patched in for this code alone.
    case directCall
    case livePatch
    case functionProbe
    case graphTracer
    case probe
    case returnProbe

    var words: String {
      switch self {
      case .tracer: "the function tracer"
      case .directCall: "a direct call"
      case .livePatch: "a live patch"
      case .functionProbe: "a function probe (fprobe)"
      case .graphTracer: "the function graph tracer"
      case .probe: "a kernel probe (kprobe)"
      case .returnProbe: "a probe of returns (kretprobe)"
      }
    }

    /// Of whom it is one.
    var family: Family {
      switch self {
      case .tracer, .directCall, .livePatch, .graphTracer: .tracers
      case .functionProbe, .probe, .returnProbe: .probes
      }
    }

    /// The kernel's mechanism that makes the call.
    var mechanism: Machine.Mechanism {
      switch self {
      case .tracer, .directCall, .livePatch, .functionProbe, .graphTracer: .ftrace
      case .probe, .returnProbe: .kprobe
      }
    }
  }

  /// Users of the function tracer, whom the check `ftrace` tells, or probes, which the check `probes` tells.
  enum Family: Hashable {
    case tracers
    case probes

    /// The id of the check that tells of them.
    var check: String { self == .tracers ? Ftrace.manual.id : Probes.manual.id }
  }

  /// What of a call the code that sees it can change.
  enum Change: Hashable {
    /// Where it goes on.
    case course
    /// What it answers.
    case answer

    var words: String {
      switch self {
      case .course: "say where the calls go on"
      case .answer: "change what the calls answer"
      }
    }
  }

  var means: Means
  /// The code that is called.
  var callee: UInt64
  /// Whether it says where the functions' callers go instead.
  var redirects: Bool
  /// What of the calls it could change without having told the kernel that it will; nil if nothing is known that it could.
  var mayChange: Change?
  /// The kernel's structure that says so.
  var structure: UInt64
  /// In which functions: the very places where the call is made.
  var functions: TracedFunctions
}
