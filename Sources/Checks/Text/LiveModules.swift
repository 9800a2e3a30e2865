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

  init(facts: KernelFacts) throws(CannotCheck) {
    guard let head = facts.symbols["modules"] else { throw .symbolMissing("modules") }
    let link = try facts.offset(of: "list", in: "module")
    guard let nodes = facts.live.list(at: head, limit: Self.mostModules) else {
      throw .implausible("the list of modules", "is broken, or changed while it was read")
    }
    isOneArea = facts.types.structure("module")?.member("mem") == nil
    for node in nodes { modules.append(try module(at: node &- link, facts)) }
  }

  private func module(at address: UInt64, _ facts: KernelFacts) throws(CannotCheck) -> Module {
    let state = State(rawValue: try facts.load(UInt32.self, at: address &+ facts.offset(of: "state", in: "module")))
    guard let name = facts.live.text(at: address &+ (try facts.offset(of: "name", in: "module"))) else {
      throw .memoryUnreadable(facts.live.fault ?? .absent(KernelAddress(address)))
    }
    let percpu = facts.types.structure("module")?.member("percpu").flatMap {
      facts.live.value(UInt64.self, at: address &+ UInt64($0.byteOffset))
    }
    return Module(
      name: name, structure: address, state: state ?? .unformed, memory: try memory(of: address, facts),
      percpu: percpu ?? 0)
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
        .text, base: try facts.load(UInt64.self, at: address &+ facts.offset(of: "core_layout.base", in: "module")),
        byteCount: try facts.load(UInt32.self, at: address &+ facts.offset(of: "core_layout.size", in: "module")))
      return areas
    }
    guard let member = facts.types.structure("module")?.member("mem"),
      let entry = facts.types.structure("module_memory"), let base = entry.member("base"),
      let size = entry.member("size"), member.elementByteCount > 0, (member.elementCount ?? 0) >= Kind.allCases.count
    else { throw .implausible("the image's type information", "does not say where a module's memory is") }
    for kind in Kind.allCases {
      let place = address &+ UInt64(member.byteOffset + kind.rawValue * member.elementByteCount)
      note(
        kind, base: try facts.load(UInt64.self, at: place &+ UInt64(base.byteOffset)),
        byteCount: try facts.load(UInt32.self, at: place &+ UInt64(size.byteOffset)))
    }
    return areas
  }
}
