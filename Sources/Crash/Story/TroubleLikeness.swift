internal import Checks
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What the trouble of a kernel resembles in which nothing leads astray.
struct TroubleLikeness {
  private let story: CrashStory
  private let trouble: OopsKind?
  /// The module whose code the trouble arose in, if it is one.
  private let module: String?

  init(_ story: CrashStory) {
    self.story = story
    trouble = story.system.trouble?.kind
    module = story.system.guilty?.place?.module
  }

  var all: [Likeness] { [requested, hang, unloadedModule, faultyModule, kernelBug] }

  private var requested: Likeness {
    var likeness = Likeness(.operatorsRequest)
    if case .requested = trouble { likeness.favouring.append("the log says that a crash was triggered by sysrq") }
    let isInTrace = ((try? story.stack.get())?.trace.frames ?? []).contains {
      $0.owner.place?.symbol == "sysrq_handle_crash"
    }
    likeness.weigh(isInTrace, "the trace goes through sysrq_handle_crash")
    return likeness
  }

  private var hang: Likeness {
    var likeness = Likeness(.hang)
    switch trouble {
    case .hungTask: likeness.favouring.append("a task was blocked for longer than the kernel allows")
    case .softLockup, .hardLockup: likeness.favouring.append("a processor did not come back to the scheduler in time")
    case .rcuStall: likeness.favouring.append("a processor did not pass a quiescent state in time")
    default: break
    }
    if let standstill = story.standstill, let group = standstill.groups.first {
      likeness.favouring.append(
        "\(standstill.waitingCount) tasks wait and let nothing interrupt them, most of them \(group.words)")
    }
    for stuck in story.stuck where !stuck.trace.frames.isEmpty {
      let modules = Set(stuck.trace.frames.compactMap { $0.owner.place?.module }).sorted()
      if !modules.isEmpty {
        likeness.favouring.append("the blocked task waits in code of \(modules.joined(separator: ", "))")
      }
    }
    return likeness
  }

  private var unloadedModule: Likeness {
    var likeness = Likeness(.unloadedModule)
    guard story.system.isAtUnmappedCode else { return likeness }
    likeness.favouring.append("the processor was sent to an address where no code is any more")
    let last = story.system.unloaded?.last
    likeness.weigh(
      last != nil, "\(last ?? "") was unloaded before", otherwise: "the kernel remembers no module that was unloaded")
    return likeness
  }

  private var faultyModule: Likeness {
    var likeness = Likeness(.faultyModule)
    guard let module else { return likeness }
    likeness.favouring.append("the trouble arose in code of \(module), which the kernel lists")
    if let claim = story.system.modules.first(where: { $0.name == module }), !claim.taints.isEmpty {
      likeness.favouring.append("\(module) is not the kernel's own: it tainted the kernel (\(claim.taints))")
    }
    return likeness
  }

  private var kernelBug: Likeness {
    var likeness = Likeness(.kernelBug)
    guard let trouble, module == nil, trouble.isException || story.system.guilty != nil else { return likeness }
    if case .some(let place) = story.system.guilty?.place, !story.system.isAtUnmappedCode {
      likeness.favouring.append("the trouble arose in the kernel's own code, \(place)")
    }
    if let taint = story.system.taint, taint & (1 << 12 | 1 << 0) != 0 {
      likeness.opposing.append("modules from elsewhere are loaded, and share all memory with the kernel")
    }
    return likeness
  }
}
