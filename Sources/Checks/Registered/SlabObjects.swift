internal import KernelModel
internal import KernelObjects

/// Whether what the kernel allocated leads to code of somebody who may be there: a part of `registered-code`, if it is asked for.
struct SlabObjects {
  let kernel: Kernel
  /// Bytes of objects that are looked at.
  let limit: UInt64

  static let subject = "slab objects"
  private static let mostNamed = 12

  func examine(into examination: inout Examination) {
    do throws(CannotCheck) {
      let (look, wrong) = try SlabScan(kernel).settled(limit: limit)
      if let obstacle = look.obstacle { examination.leaveUnanswered(Subject(Self.subject), obstacle) }
      note(look, into: &examination)
      // Those that lead to one place from one member are one finding.
      let groups = Dictionary(grouping: wrong) { Group(cache: $0.cache, field: $0.word.field, target: $0.word.value) }
      for (group, leads) in groups.sorted(by: { $0.key < $1.key }) {
        examination.report(finding(group, leads.sorted { $0.word.place < $1.word.place }))
      }
    } catch {
      examination.leaveUnanswered(Subject(Self.subject), error)
    }
  }

  private struct Group: Hashable, Comparable {
    let cache: String
    let field: String
    let target: UInt64

    static func < (left: Self, right: Self) -> Bool {
      (left.cache, left.field, left.target) < (right.cache, right.field, right.target)
    }
  }

  private func note(_ look: SlabLook, into examination: inout Examination) {
    let coverage = look.coverage
    // All of it comes and goes.
    let total = look.counts.values.reduce(0, +)
    examination.note(Subject("slab code pointers"), .count(UInt64(total)), lasting: false)
    for (cache, count) in look.wordsOfCaches.sorted(by: { $0.key < $1.key }) {
      examination.note(Subject("slab code pointers", label: cache), .count(UInt64(count)), lasting: false)
    }
    for (name, count) in modules(look.counts) {
      examination.note(Subject("slab code pointers", label: "to \(name)"), .count(UInt64(count)), lasting: false)
    }
    examination.note(Subject("slab bytes"), .count(coverage.total), lasting: false)
    examination.note(Subject("slab bytes", label: "looked at"), .count(coverage.typed), lasting: false)
    examination.remark(
      "slab objects: \(coverage.objects) of \(coverage.structures.count) types looked at, in \(Self.size(coverage.typed)) "
        + "of \(Self.size(coverage.total)) of \(coverage.caches.count) caches; \(Self.size(coverage.plain)) hold no pointers "
        + "to code by their type, and of \(Self.size(coverage.untyped)) the type is not known")
    examination.remark("slab code pointers: \(total) looked at, of which \(parts(look.counts).joined(separator: ", "))")
    if coverage.cut > 0 {
      examination.remark(
        "the limit of \(Self.size(limit)) left out \(Self.size(coverage.cut)) of slab objects: a higher --deep-limit "
          + "looks at them")
    }
    for (cache, found) in look.addresses.sorted(by: { $0.key < $1.key }).prefix(Self.mostNamed) {
      examination.remark(
        "objects of \(cache), whose type is not certain, hold addresses of unowned executable memory: \(found.count), "
          + "the first at \(KernelAddress(found.first))")
    }
  }

  private func modules(_ counts: [SlabJudge.Standing: Int]) -> [(name: String, count: Int)] {
    var modules: [(name: String, count: Int)] = []
    for case (.module(let name), let count) in counts { modules.append((name, count)) }
    return modules.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  private func parts(_ counts: [SlabJudge.Standing: Int]) -> [String] {
    var parts = ["\(counts[.kernel] ?? 0) lead to the kernel's own code and constant tables"]
    if let tables = counts[.table] { parts.append("\(tables) to other tables whose functions have an owner") }
    let modules = modules(counts)
    if !modules.isEmpty {
      let named = modules.prefix(Self.mostNamed).map { "\($0.name) \($0.count)" }.joined(separator: ", ")
      parts.append(
        "\(modules.reduce(0) { $0 + $1.count }) to listed modules' "
          + "(\(named)\(modules.count > Self.mostNamed ? ", ..." : ""))")
    }
    if let generated = counts[.generated] { parts.append("\(generated) to code that the kernel generated") }
    if let nowhere = counts[.nowhere] {
      parts.append("\(nowhere) nowhere that can be executed, as what nobody set or what is left of a module does")
    }
    if let inside = counts[.insideModule] { parts.append("\(inside) into the middle of modules' functions") }
    if let inside = counts[.insideFunction] { parts.append("\(inside) into the middle of the kernel's functions") }
    let unowned = counts[.unowned] ?? 0
    parts.append("\(unowned == 0 ? "none" : "\(unowned)") to unowned executable memory")
    return parts
  }

  private static func size(_ byteCount: UInt64) -> String {
    byteCount < 1 << 20 ? "\((byteCount + 1023) >> 10) KiB" : "\((byteCount + (1 << 19)) >> 20) MiB"
  }

  /// - Parameter leads: at least one.
  private func finding(_ group: Group, _ leads: [SlabLook.Lead]) -> Finding {
    let lead = leads[0]
    var evidence: [Finding.Evidence] = [
      .init("field", .text(group.field)), .init("stands at", "\(KernelAddress(lead.word.place))"),
      .init("object", "\(KernelAddress(lead.object))"),
    ]
    if leads.count > 1 {
      evidence.append(.init("also redirected", "\(leads.count - 1) further objects' or tables'"))
    }
    if lead.isMerged {
      evidence.append(.init("type", "by the cache's name alone: objects of other types may be in it"))
    }
    var finding = Finding.unownedCallback(
      KernelAddress(group.target), of: Subject("slab cache \(group.cache)", label: group.field), in: kernel,
      evidence: evidence,
      places: leads.prefix(Self.mostNamed).map { MemoryRegion(start: KernelAddress($0.word.place), byteCount: 8) },
      meaning: "that code runs whenever the kernel uses this object")
    guard lead.isInsideFunction else { return finding }
    finding.message =
      "the kernel is led into the middle of a function: \(kernel.owner(of: KernelAddress(group.target)))"
    finding.effects = []
    return finding
  }
}
