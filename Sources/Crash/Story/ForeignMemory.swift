internal import Checks
package import KernelModel
internal import KernelObjects

/// One run of memory that a hook or the stack leads into, and all that is known of it.
package struct ForeignMemory: Sendable {
  package var implant: Implant
  /// Words of the panicking task's stack that lead into it, each with what it is near to.
  package var words: [NearWord]
  /// The record of a module whose code it is, if one was found: its name, and whether the kernel lists it.
  package var module: ModuleMatrix.Row?
  /// Who leads there.
  package var references: [Reference]

  package struct NearWord: Hashable, Sendable {
    package var word: RawStack.Word
    /// The hooked target that lies nearest below, and how many bytes below; nil if there is none.
    package var hook: Distance?
  }

  package struct Distance: Hashable, Sendable {
    package var target: KernelAddress
    /// What leads to the target: `sys_call_table[0] (read)`.
    package var subject: Subject
    package var byteCount: UInt64
  }

  package struct Reference: Hashable, Sendable {
    /// Who, in words: `sys_call_table[0] (read)`, `pointer in kernel data, x+0x8`.
    package var by: String
    package var target: KernelAddress
    /// Whether it is a word of data that has that value, and not a place that is known to be followed.
    package var isPointer = false
  }

  /// Whether code in it ran, by the stack.
  package var ran: Bool { words.contains { $0.word.call != nil } }

  /// Hooks and words of the stack, grouped by the run of memory that they lead into; and, in sentences, where pointers into
  /// it were not looked for.
  ///
  /// - Parameters:
  ///   - hooks: what the checks found that leads somewhere.
  ///   - strangers: what they found that is itself where it must not be.
  ///   - words: those of nobody's code on the stack.
  static func all(
    _ hooks: [Finding], _ strangers: [Finding], _ words: [RawStack.Word], by investigator: any Investigator,
    _ kernel: Kernel,
    _ reader: Snapshot
  ) -> (memory: [ForeignMemory], unsearched: [String]) {
    let onStack = words.map { word in
      Finding(
        kind: .redirection, severity: .critical, subject: Subject("stack", label: "\(word.address)"), message: "",
        expected: "", observed: "", target: word.value)
    }
    let implants = investigator.investigate(hooks + strangers + onStack, in: kernel)
    let calls = ProbeReferences.all(reader)
    let rows = (try? ModuleMatrix(of: kernel).rows) ?? []
    let search = PointerSearch(
      into: implants.map(\.run).filter { !isImage($0, kernel) }, in: places(kernel, reader), of: kernel.memory)
    let memory = implants.map { implant in
      func leadThere(_ finding: Finding) -> Bool { finding.target.map(implant.run.contains) ?? false }
      let hooks = hooks.filter(leadThere)
      var implant = implant
      implant.subjects = (hooks + strangers.filter(leadThere)).map(\.subject).sorted()
      return ForeignMemory(
        implant: implant,
        words: words.filter { implant.run.contains($0.value) }.map {
          NearWord(word: $0, hook: nearest($0.value, hooks))
        },
        module: rows.first { row in row.code.map { $0.overlaps(implant.run) && !row.name.isEmpty } ?? false },
        references: hooks.map { Reference(by: $0.subject.description, target: $0.target ?? implant.run.start) }
          + calls.filter { implant.run.contains(KernelAddress($0.target)) }.map {
            Reference(by: $0.by, target: KernelAddress($0.target))
          }
          + search.pointers.filter { implant.run.contains($0.target) }.map {
            Reference(by: "a pointer in \(kernel.owner(of: $0.address))", target: $0.target, isPointer: true)
          })
    }
    return (memory, search.unsearched)
  }

  /// The run of a hook inside the kernel's own code is a function of it: half the kernel points there.
  private static func isImage(_ run: MemoryRegion, _ kernel: Kernel) -> Bool {
    kernel.image.map { $0.overlaps(run) } ?? false
  }

  private static func nearest(_ address: KernelAddress, _ hooks: [Finding]) -> Distance? {
    hooks.compactMap { hook in
      hook.target.flatMap { target in
        address.offset(from: target).map { Distance(target: target, subject: hook.subject, byteCount: $0) }
      }
    }.min { ($0.byteCount, $0.subject) < ($1.byteCount, $1.subject) }
  }

  /// Constants and variables of the kernel and of the modules on its list.
  private static func places(_ kernel: Kernel, _ reader: Snapshot) -> [MemoryRegion] {
    var places: [MemoryRegion] = []
    if let image = kernel.image, let textEnd = kernel.text?.end, let end = image.end {
      places = [MemoryRegion(from: textEnd, to: end)]
      for (first, last) in Machine.givenBack {
        guard let start = reader.symbols[first], let end = reader.symbols[last] else { continue }
        let hole = MemoryRegion(from: KernelAddress(start), to: KernelAddress(end))
        places = places.flatMap { $0.without(hole) }
      }
    }
    for module in (try? LiveModules(reader).modules) ?? [] {
      for (kind, range) in module.memory where kind != .text || module.memory.count == 1 {
        places.append(
          MemoryRegion(start: KernelAddress(range.lowerBound), byteCount: UInt64(range.count)))
      }
    }
    return places
  }
}

extension MemoryRegion {
  /// What is left of it without `hole`.
  fileprivate func without(_ hole: MemoryRegion) -> [MemoryRegion] {
    guard overlaps(hole), let end, let holeEnd = hole.end else { return [self] }
    return [MemoryRegion(from: start, to: hole.start), MemoryRegion(from: max(start, holeEnd), to: end)].filter {
      !$0.isEmpty
    }
  }
}
