internal import KernelModel

/// What foreign code in a kernel resembles.
struct HookLikeness {
  private let story: CrashStory
  private let unowned: [ForeignMemory]
  /// Those of listed modules.
  private let owned: [ForeignMemory]
  /// Changed places that lead somewhere.
  private let hooks: [Finding]
  /// Those of them that are entries of a table of system calls.
  private let slots: [Finding]

  init(_ story: CrashStory, _ hooks: [Finding]) {
    self.story = story
    self.hooks = hooks
    slots = hooks.filter { $0.kind == .systemCallEntry }
    owned = story.foreign.filter { memory in memory.module.map { $0.marks[.list] == .present } ?? false }
    let known = Set(owned.map(\.implant.run))
    unowned = story.foreign.filter { !known.contains($0.implant.run) }
  }

  var all: [Likeness] { [rootkit, securityProduct, livepatch, overwritingDriver] }

  private var rootkit: Likeness {
    var likeness = Likeness(.rootkit)
    likeness.weigh(
      !unowned.isEmpty, "what is led to lies in memory that no listed module owns",
      otherwise: "a module that the kernel lists owns what is led to")
    for memory in story.foreign {
      guard let module = memory.module, module.structure != nil, module.marks[.list] == .missing else { continue }
      likeness.favouring.append(
        "that memory holds the record of a module, \(module.name), which is not on the kernel's list: it was hidden")
    }
    let families = Set(story.foreign.flatMap(\.implant.signatures).map(\.family)).sorted()
    likeness.weigh(
      !families.isEmpty, "strings there match the rules for \(families.joined(separator: ", "))",
      otherwise: "no string there matches what is known of any family")
    likeness.weigh(
      !slots.isEmpty, "the table of system calls, which the kernel write-protects, was written to")
    likeness.weigh(
      story.foreign.contains(where: \.ran), "the stack shows that the code ran, in the way of a system call")
    return likeness
  }

  private var securityProduct: Likeness {
    var likeness = Likeness(.securityProduct)
    for module in owned.compactMap(\.module) {
      likeness.favouring.append("the code is of the module \(module.name), which the kernel lists like any other")
      likeness.weigh(
        module.missing.isEmpty, "\(module.name) is known to every place that knows of modules",
        otherwise: "\(module.name) is missing from \(module.missing.map(\.name).joined(separator: ", "))")
    }
    likeness.weigh(!slots.isEmpty, "products of some years ago hooked system calls by their table")
    if !unowned.isEmpty { likeness.opposing.append("a product shows its module to lsmod; this code has none") }
    if story.foreign.contains(where: { $0.module.map { $0.marks[.list] == .missing } ?? false }) {
      likeness.opposing.append("a product has no reason to take its module off the kernel's list")
    }
    return likeness
  }

  private var livepatch: Likeness {
    var likeness = Likeness(.livepatch)
    let isTainted = story.system.taint.map { $0 >> 15 & 1 == 1 } ?? false
    likeness.weigh(
      isTainted, "the kernel is tainted by a live patch (K)", otherwise: "no live patch tainted the kernel (K)")
    likeness.weigh(
      !owned.isEmpty && unowned.isEmpty, "the code is of a module that the kernel lists, as a live patch is")
    if !slots.isEmpty {
      likeness.opposing.append("live patches redirect functions by the function tracer and leave tables alone")
    }
    if !unowned.isEmpty {
      likeness.opposing.append("the code of a live patch belongs to a module, and this is unowned")
    }
    return likeness
  }

  private var overwritingDriver: Likeness {
    var likeness = Likeness(.overwritingDriver)
    let targets = hooks.compactMap(\.target)
    let executable = story.foreign.filter { memory in
      memory.implant.permissions.contains { $0.permissions.hasSuffix("x") && memory.implant.run.overlaps($0.region) }
    }
    let landing = targets.filter { target in executable.contains { $0.implant.run.contains(target) } }
    if !targets.isEmpty {
      likeness.weigh(
        landing.count < targets.count, "\(targets.count - landing.count) changed places lead to no code at all",
        otherwise: "every changed place leads to executable code: an accident would have left any bytes")
    }
    let indices = Set(slots.compactMap(\.subject.index)).sorted()
    if indices.count > 1, let first = indices.first, let last = indices.last {
      likeness.weigh(
        last - first == indices.count - 1, "the changed entries of the table are neighbours",
        otherwise: "the changed entries of the table are picked: \(indices.map(String.init).joined(separator: ", "))")
    }
    likeness.weigh(
      hooks.isEmpty, "no table and no code was changed: only the stack leads there",
      otherwise: story.foreign.contains(where: \.ran) ? "the code behind the changed places ran" : nil)
    return likeness
  }
}
