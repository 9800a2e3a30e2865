internal import KernelFormats
internal import KernelModel

/// The modules that the kernel's own list holds, in memory.
///
/// Source: include/linux/module.h, `struct module` (Linux v5.10 to v7.2); the offsets are the image's own.
struct LiveModules {
  /// One module.
  struct Module {
    var name: String
    /// Of the kernel's `struct module`.
    var structure: UInt64
    var state: State
    /// Where its kinds of memory lie.
    var memory: [Kind: Range<UInt64>]
    /// The offset of its per-CPU variables.
    var percpu: UInt64
    /// The number of its directory in sysfs, another each time a module is loaded; nil if it has none.
    ///
    /// Source: `struct kernfs_node`, `id`, include/linux/kernfs.h (Linux v5.5 to v7.2): a number and a generation.
    var instance: UInt64?
    /// What of its memory is executable: its code, and that of its initialisation while it is being loaded.
    var executable: [Range<UInt64>]

    var code: Range<UInt64>? { memory[.text] }
  }

  /// `enum module_state`.
  enum State: UInt32 {
    case live, coming, going, unformed
  }

  /// `enum mod_mem_type`; before Linux kernel commit ac3b43283923 ("module: replace module_layout with module_memory")
  /// (in v6.4) all but the initialisation's is one area, which then stands under ``text``.
  enum Kind: Int, CaseIterable {
    case text, data, rodata, roAfterInit
  }

  private(set) var modules: [Module] = []
  /// Whether all of a module lies in one area.
  private(set) var isOneArea = false

  private static let mostModules = 4096

  /// - Parameter live: where the list is read from.
  init(facts: KernelFacts, live: LivePages) throws(CannotCheck) {
    guard let head = facts.symbols["modules"] else { throw .symbolMissing("modules") }
    self.live = live
    let link = try facts.offset(of: "list", in: "module")
    guard let nodes = live.list(at: head, limit: Self.mostModules) else {
      throw .implausible("the list of modules", "is broken, or changed while it was read")
    }
    isOneArea = facts.structure("module")?.member("mem") == nil
    for node in nodes { modules.append(try module(at: node &- link, facts)) }
  }

  /// The list as it is at one moment: while modules come and go it takes more than one attempt to read it whole.
  ///
  /// - Parameter memory: where it is read from; what is read again is read from `memory.fresh`.
  static func steady(facts: KernelFacts, live: LivePages, memory: any KernelMemory) throws(CannotCheck) -> LiveModules {
    var pages = live
    for _ in 1..<Self.attempts {
      do throws(CannotCheck) {
        return try LiveModules(facts: facts, live: pages)
      } catch {
        pages = LivePages(memory.fresh)
      }
    }
    return try LiveModules(facts: facts, live: pages)
  }

  private static let attempts = 8
  private let live: LivePages

  private func module(at address: UInt64, _ facts: KernelFacts) throws(CannotCheck) -> Module {
    let state = State(rawValue: try load(UInt32.self, at: address &+ facts.offset(of: "state", in: "module")))
    guard let name = live.text(at: address &+ (try facts.offset(of: "name", in: "module"))) else {
      throw .memoryUnreadable(live.fault ?? .absent(KernelAddress(address)))
    }
    let percpu = facts.structure("module")?.member("percpu").flatMap {
      live.value(UInt64.self, at: address &+ UInt64($0.byteOffset))
    }
    return Module(
      name: name, structure: address, state: state ?? .unformed, memory: try memory(of: address, facts),
      percpu: percpu ?? 0, instance: instance(of: address, facts), executable: try executable(of: address, facts))
  }

  private func instance(of address: UInt64, _ facts: KernelFacts) -> UInt64? {
    guard let pointer = facts.structure("module")?.member("mkobj.kobj.sd"),
      let number = facts.structure("kernfs_node")?.member("id"),
      let node = live.value(UInt64.self, at: address &+ UInt64(pointer.byteOffset)), node != 0
    else { return nil }
    return live.value(UInt64.self, at: node &+ UInt64(number.byteOffset))
  }

  private func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: UInt64
  ) throws(CannotCheck) -> Value {
    guard let value = live.value(type, at: address) else {
      throw .memoryUnreadable(live.fault ?? .absent(KernelAddress(address)))
    }
    return value
  }

  /// Source: `struct module_layout` (Linux v5.10), `struct module_memory` and MOD_INIT_TEXT (v6.4).
  private func executable(of address: UInt64, _ facts: KernelFacts) throws(CannotCheck) -> [Range<UInt64>] {
    func range(at place: UInt64, base: UInt64, size: UInt64) throws(CannotCheck) -> Range<UInt64>? {
      let start = try load(UInt64.self, at: place &+ base)
      let byteCount = UInt64(try load(UInt32.self, at: place &+ size))
      guard start != 0, byteCount > 0, byteCount <= 1 << 28, !start.addingReportingOverflow(byteCount).overflow else {
        return nil
      }
      return start..<start + byteCount
    }
    var found: [Range<UInt64>?] = []
    if isOneArea {
      for layout in ["core_layout", "init_layout"] {
        found.append(
          try range(
            at: address, base: facts.offset(of: "\(layout).base", in: "module"),
            size: facts.offset(of: "\(layout).text_size", in: "module")))
      }
    } else if let member = facts.structure("module")?.member("mem") {
      let initialisation = 4
      for kind in [Kind.text.rawValue, initialisation] where kind < member.elementCount ?? 0 {
        found.append(
          try range(
            at: address &+ UInt64(member.byteOffset + kind * member.elementByteCount),
            base: facts.offset(of: "base", in: "module_memory"), size: facts.offset(of: "size", in: "module_memory")))
      }
    }
    return found.compactMap { $0 }
  }

  private func memory(of address: UInt64, _ facts: KernelFacts) throws(CannotCheck) -> [Kind: Range<UInt64>] {
    var areas: [Kind: Range<UInt64>] = [:]
    func note(_ kind: Kind, base: UInt64, byteCount: UInt32) {
      guard base != 0, byteCount > 0, byteCount <= 1 << 28, !base.addingReportingOverflow(UInt64(byteCount)).overflow
      else { return }
      areas[kind] = base..<base + UInt64(byteCount)
    }
    if isOneArea {
      note(
        .text, base: try load(UInt64.self, at: address &+ facts.offset(of: "core_layout.base", in: "module")),
        byteCount: try load(UInt32.self, at: address &+ facts.offset(of: "core_layout.size", in: "module")))
      return areas
    }
    guard let member = facts.structure("module")?.member("mem"),
      let entry = facts.structure("module_memory"), let base = entry.member("base"),
      let size = entry.member("size"), member.elementByteCount > 0, (member.elementCount ?? 0) >= Kind.allCases.count
    else { throw .implausible("the image's type information", "does not say where a module's memory is") }
    for kind in Kind.allCases {
      let place = address &+ UInt64(member.byteOffset + kind.rawValue * member.elementByteCount)
      note(
        kind, base: try load(UInt64.self, at: place &+ UInt64(base.byteOffset)),
        byteCount: try load(UInt32.self, at: place &+ UInt64(size.byteOffset)))
    }
    return areas
  }
}
