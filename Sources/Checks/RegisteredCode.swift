package import KernelModel
internal import KernelObjects

/// Whatever was registered with the kernel, so that it is called, should be its own code, or a listed module's.
package struct RegisteredCode: Check {
  package static let manual = Manual(
    id: "registered-code",
    question:
      "Does all code that was registered to be called belong to the kernel or to a listed module, and does user space see it?",
    method: """
      Follows what was registered while the kernel runs, starting at the kernel's variables: netfilter hooks, packet \
      types and protocols of each network namespace and device, entries of /proc and /proc/sys, file systems and the \
      inodes of their roots, security hooks, character devices, terminals, line disciplines, input handlers, \
      consoles, program formats, timers, pending work, the functions of kernel threads, interrupt handlers, \
      interrupt gates, gates and task states among processors' segments and those of programs, the stacks in task \
      states, and the like. A table of rows says where \
      these are, by the vendor's symbols and types; the type of a structure says which of its words point to code. A \
      registered function must be the start of a function of the kernel or of a listed module, or code that the \
      kernel generated. A registered table of functions must be one of the kernel's constants, or each of its \
      functions must be legitimate. On a running \
      kernel, the files in which it lists file systems, devices, terminals, line disciplines, consoles, input \
      handlers, packet types, protocols, network devices and security modules are read between two reads of memory: \
      what memory has both times must be told, and what is told must be in memory. With --deep, all objects of the \
      kernel's allocator are looked at as well whose cache says what they are: none in use may lead to unowned \
      executable memory, itself or by a table. A finding must be seen several times, because \
      registrations and modules come and go.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, or another security product that removes itself from the list of modules"
    ],
    blindSpots: [
      "another function of the kernel, or of a listed module, instead of the right one",
      "what was registered in a way that no row covers, or inside a module or a driver; single files and sockets without "
        + "--deep",
      "with --deep: objects of kmalloc and of modules' caches, whose type is not known",
      "directories at roots of file systems and of network namespaces beyond the first thousand; settings "
        + "and entries of /proc/net of namespaces beyond the first 32",
      "what was removed: a hook of the vendor's that is no longer called",
      "what nothing lists, such as timers: whether user space sees these is no question; nor whether it sees netfilter hooks "
        + "where the module nfnetlink_hook is not loaded",
      "the code itself: kernel-text and module-text compare it, and the kernel's constant tables",
      "without the vendor's kernel image: the names and types used to read all of this are the suspect kernel's own",
    ],
    proof: .ownership,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "read the memory of the function in the report; see what else is registered: liveprobe hooks",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  /// Modules named in one remark.
  private static let mostNamed = 12

  /// Bytes of objects in the kernel's slabs that are looked at, too; nil if these are not asked about.
  private let slabLimit: UInt64?

  /// - Parameter slabLimit: bytes of objects in the kernel's slabs that are looked at, too; nil if these are not asked about.
  package init(slabLimit: UInt64? = nil) { self.slabLimit = slabLimit }

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let reading = try RegisteredReading.of(kernel)
    var examination = Examination()
    examination.expect(reading.expectation)
    note(reading, into: &examination)
    for look in reading.looks {
      for leads in Self.byThing(look.wrong) { examination.report(finding(leads, look, kernel)) }
    }
    for (parts, reason) in reading.unanswered { examination.leaveUnanswered(Subject(parts), reason) }
    if let slabLimit { SlabObjects(kernel: kernel, limit: slabLimit).examine(into: &examination) }
    if kernel.isRunning { try ToldComparison(kernel: kernel).examine(into: &examination) }
    return examination
  }

  private func note(_ reading: RegisteredReading, into examination: inout Examination) {
    var counts: [RegisteredTargets.Standing: Int] = [:]
    var rows: [String: Int] = [:]
    for look in reading.looks {
      counts.merge(look.counts, uniquingKeysWith: +)
      rows[look.row.name, default: 0] += look.wordCount
    }
    // Much of it comes and goes.
    let total = counts.values.reduce(0, +)
    examination.note(Subject("registered code pointers"), .count(UInt64(total)), lasting: false)
    for (name, count) in rows.sorted(by: { $0.key < $1.key }) {
      examination.note(Subject("registered code pointers", label: name), .count(UInt64(count)), lasting: false)
    }
    var modules: [(name: String, count: Int)] = []
    for case (.module(let name), let count) in counts { modules.append((name, count)) }
    modules.sort { ($1.count, $0.name) < ($0.count, $1.name) }
    let ofModules = modules.reduce(0) { $0 + $1.count }
    let wrong = counts[.wrong] ?? 0
    var parts = ["\(counts[.kernel] ?? 0) lead to the kernel's own code and constant tables"]
    if ofModules > 0 {
      let named = modules.prefix(Self.mostNamed).map { "\($0.name) \($0.count)" }.joined(separator: ", ")
      parts.append(
        "\(ofModules) to listed modules' (\(named)\(modules.count > Self.mostNamed ? ", ..." : ""))")
    }
    if let generated = counts[.generated] { parts.append("\(generated) to code that the kernel generated") }
    if let freed = counts[.freed] {
      parts.append("\(freed) to functions of the kernel's that were freed when it had booted")
    }
    parts.append("\(wrong == 0 ? "none" : "\(wrong)") elsewhere")
    let cut = Set(reading.looks.filter(\.areMore).map(\.row.name)).sorted()
    if !cut.isEmpty { examination.remark("there are more than were looked at: \(cut.joined(separator: ", "))") }
    if !reading.laidOutOtherwise.isEmpty {
      examination.remark(
        "not looked at, because this kernel lays it out otherwise than those that are known: "
          + reading.laidOutOtherwise.joined(separator: ", "))
    }
    examination.remark(
      "registered code pointers: \(total) looked at, of \(rows.count) kinds, of which \(parts.joined(separator: ", "))")
  }

  /// What leads to unowned code, one registered thing after the other: a module's table has many functions.
  private static func byThing(_ wrong: some Sequence<RegisteredLook.Lead>) -> [[RegisteredLook.Lead]] {
    Dictionary(grouping: wrong, by: \.structure).sorted { $0.key < $1.key }
      .map { $0.value.sorted { $0.word.place < $1.word.place } }
  }

  /// - Parameter leads: those of one thing, at least one.
  private func finding(_ leads: [RegisteredLook.Lead], _ look: RegisteredLook, _ kernel: Kernel) -> Finding {
    let lead = leads[0]
    let target = KernelAddress(lead.word.value)
    let structure = KernelAddress(lead.structure)
    var evidence: [Finding.Evidence] = []
    if !lead.word.field.isEmpty { evidence.append(.init("field", .text(lead.word.field))) }
    evidence.append(.init("stands at", "\(KernelAddress(lead.word.place))"))
    evidence.append(.init("registered", "\(structure, kernel.owner(of: structure))"))
    for other in leads.dropFirst().prefix(Self.mostNamed) {
      let target = KernelAddress(other.word.value)
      evidence.append(
        .init("also redirected", "\(other.word.field): \(target, kernel.owner(of: target))"))
    }
    if leads.count > Self.mostNamed + 1 {
      evidence.append(.init("also redirected", "\(leads.count - Self.mostNamed - 1) further words of it"))
    }
    var finding = Finding.unownedCallback(
      target, of: Subject(look.row.name, label: lead.name.isEmpty ? "\(structure)" : lead.name), in: kernel,
      evidence: evidence, places: leads.map { MemoryRegion(start: KernelAddress($0.word.place), byteCount: 8) },
      meaning: "that code runs whenever the kernel comes to what was registered there")
    guard lead.word.isGate else { return finding }
    finding.message = "a processor is led to where the kernel leads none: \(kernel.owner(of: target))"
    finding.expected = "no gate, or where the kernel itself sets it to"
    return finding
  }
}
