package import KernelModel
internal import KernelObjects

extension Inventory {
  /// Modules whose build ids are read at most: in a dump each one is searched for, and a list may be forged.
  private static let mostBuildIDs = 1024

  /// Taken of `kernel`'s own structures; where they cannot be read, of what it claims.
  package init(of kernel: Kernel) {
    let structures = Result { () throws(CannotCheck) in try kernel.provenStructures }
    func read<Value>(
      _ what: String, _ body: (KernelStructures) throws(CannotCheck) -> Value, orTold told: @autoclosure () -> Value?
    ) -> Result<Value, Withheld> {
      do throws(CannotCheck) {
        return .success(try body(try structures.get()))
      } catch {
        return told().map { .success($0) } ?? .failure(Withheld(what, why: error.description))
      }
    }
    self.init(
      hostName: read("the host's name", Self.hostName, orTold: nil),
      // What is claimed counts only if it was not withheld, too; the reason that is told is that of memory.
      taint: read("the kernel's taint", Self.taint, orTold: (try? kernel.claims.taint.get()).map(Self.letters)),
      modules: read(
        "the kernel's modules", { structures throws(CannotCheck) in try Self.modules(structures, kernel) },
        orTold: (try? kernel.claims.loadedModules.get()).map { claims in
          Self.modules(claims.map { ($0.name, $0.taints) }, kernel)
        }))
  }

  /// The name in the first UTS namespace: that of the host, whatever a container is told.
  ///
  /// Source: `init_uts_ns` in init/version.c, `struct uts_namespace` in include/linux/utsname.h (Linux v5.10 to v6.12).
  private static func hostName(_ structures: KernelStructures) throws(CannotCheck) -> String {
    try structures.now { (reader) throws(CannotCheck) in
      try reader.text(
        at: reader.symbols.address(of: "init_uts_ns") &+ reader.offset("name.nodename", in: "uts_namespace"))
    }
  }

  private static func taint(_ structures: KernelStructures) throws(CannotCheck) -> String {
    let mask = try structures.now { (reader) throws(CannotCheck) in
      try reader.value(UInt64.self, of: "tainted_mask")
    }
    guard let mask else { throw .symbolMissing("tainted_mask") }
    return letters(mask)
  }

  private static func letters(_ mask: UInt64) -> String { mask == 0 ? "" : TaintFlags.letters(mask) }

  private static func modules(_ structures: KernelStructures, _ kernel: Kernel) throws(CannotCheck) -> [Module] {
    let listed = try structures.now { (reader) throws(CannotCheck) in
      try LiveModules(reader).modules.map { ($0.name, letters($0.taints)) }
    }
    return modules(listed, kernel)
  }

  private static func modules(_ listed: [(name: String, taints: String)], _ kernel: Kernel) -> [Module] {
    listed.enumerated().map { index, module in
      Module(
        name: module.name, buildID: index < mostBuildIDs ? ModuleBuildID.of(module.name, in: kernel) : nil,
        taints: module.taints)
    }.sorted { $0.name < $1.name }
  }
}
