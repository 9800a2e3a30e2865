internal import KernelFormats
internal import KernelModel

/// `struct module` as the records on the kernel's list show it, each of which must show the same.
///
/// Its first members are the same in every kernel whose structures were not shuffled: a state, the node of the list, the name.
/// A record's address stands in its own nodes of the tree by which the kernel finds the module at an address; these tell where
/// the memory of a module is written down, and page tables confirm it. The others are found by the lists that they are on.
///
/// Source: include/linux/module.h, kernel/module/internal.h (Linux v5.10 to v7.2).
struct InferredModules {
  typealias Doubt = LayoutEvidence.Doubt

  /// MODULE_NAME_LEN.
  private static let nameByteCount = 56
  private static let list: UInt64 = 8
  private static let name: UInt64 = 24
  /// No kernel's `struct module` is larger.
  static let mostBytes: UInt64 = 4096
  /// Fewer prove nothing.
  private static let leastModules = 2

  let evidence: LayoutEvidence
  /// Records of modules that are live.
  let records: [UInt64]
  /// Offsets at which each record holds its own address.
  let own: Set<UInt64>

  /// What is known of modules; none if this kernel cannot have any.
  static func outlines(_ evidence: LayoutEvidence) throws(Doubt) -> [BTF.Outline] {
    guard let head = evidence.symbols["modules"] else {
      guard evidence.symbols.isBuiltWithoutModules else { throw Doubt("nothing names the list of modules") }
      return []
    }
    guard let nodes = evidence.ring(at: head) else { throw Doubt("the list of modules cannot be followed") }
    // How the nodes of an empty list are laid out does not matter.
    guard !nodes.isEmpty else {
      return [BTF.Outline("module", byteCount: 24, [.list("list", at: Int(list))])]
    }
    return try InferredModules(evidence, nodes.map { $0 &- list }).outlines()
  }

  private init(_ evidence: LayoutEvidence, _ listed: [UInt64]) throws(Doubt) {
    self.evidence = evidence
    guard listed.allSatisfy({ Self.isRecord($0, evidence) }) else {
      throw Doubt("records of modules do not begin with a state, a list and a name: structures may be shuffled")
    }
    records = listed.filter { evidence.half($0) == 0 }
    guard records.count >= Self.leastModules else {
      throw Doubt("fewer than \(Self.leastModules) modules are loaded, which prove nothing")
    }
    guard Set(records.map { evidence.live.text(at: $0 &+ Self.name) }).count == records.count else {
      throw Doubt("modules have one name")
    }
    own = Set(
      stride(from: 0, to: Self.mostBytes, by: 8).filter { [records] offset in
        records.allSatisfy { evidence.word($0 &+ offset) == $0 }
      })
  }

  /// Whether a state, and a name with nothing but zeros behind it, stand where they do in every kernel.
  private static func isRecord(_ record: UInt64, _ evidence: LayoutEvidence) -> Bool {
    guard let state = evidence.word(record), state <= 3,
      let bytes = evidence.live.bytes(at: record &+ name, count: nameByteCount),
      let end = bytes.firstIndex(of: 0), end > 0
    else { return false }
    return bytes[..<end].allSatisfy { $0 > 0x20 && $0 < 0x7f } && bytes[end...].allSatisfy { $0 == 0 }
  }

  private func outlines() throws(Doubt) -> [BTF.Outline] {
    let memory = try InferredModuleMemory(self)
    let bugs = try bugs(memory)
    var members: [BTF.Outline.Member] = [
      .number("state", at: 0, 4), .list("list", at: Int(Self.list)),
      .numbers("name", at: Int(Self.name), 1, count: Self.nameByteCount),
      .number("taints", at: bugs - 16), .list("bug_list", at: bugs),
    ]
    members += memory.members
    var outlines = LayoutEvidence.containers + [memory.outline]
    var end = max(memory.end, bugs + 24)
    if let set = directories() {
      outlines += set.outlines
      members.append(.structure("mkobj", at: set.offset, "module_kobject"))
      end = max(end, set.offset + 72)
    }
    outlines.append(BTF.Outline("module", byteCount: (end + 63) / 64 * 64, members))
    return outlines
  }

  // MARK: Taints, and the list for BUG()

  /// Flags that are a module's: TAINT_PROPRIETARY_MODULE, _FORCED_MODULE, _CRAP, _OOT_MODULE, _UNSIGNED_MODULE, _LIVEPATCH, _AUX
  /// and _TEST, `taint_flags` in kernel/panic.c (Linux v7.2).
  private static let taints: UInt64 = 1 << 0 | 1 << 1 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 15 | 1 << 16 | 1 << 18

  /// Where the node of `module_bug_list` stands: behind the taints and the number of places, and before the table of these.
  private func bugs(_ memory: InferredModuleMemory) throws(Doubt) -> Int {
    guard let head = evidence.symbols["module_bug_list"], let nodes = evidence.ring(at: head).map(Set.init) else {
      throw Doubt("nothing names the list of modules for BUG()")
    }
    let candidates = stride(from: Self.name &+ UInt64(Self.nameByteCount) &+ 16, to: Self.mostBytes, by: 8).filter {
      offset in
      let bearing = records.filter { nodes.contains($0 &+ offset) }
      // One may have been taken off.
      return bearing.count >= Self.leastModules && bearing.count * 2 > records.count
    }
    guard candidates.count == 1, let offset = candidates.first else {
      throw Doubt("the records of modules do not show where their list for BUG() stands")
    }
    for record in records {
      let bugs = record &+ offset
      guard let taints = evidence.word(bugs &- 16), taints & ~Self.taints == 0, let count = evidence.word(bugs &- 8),
        count < 1 << 20, let table = evidence.word(bugs &+ 16),
        table == 0 ? count == 0 : memory.contains(table, of: record)
      else { throw Doubt("the records of modules do not show their taints") }
    }
    return Int(offset)
  }

  // MARK: Directories in sysfs

  /// Where a record holds its directory in sysfs, if it bears the module's name, belongs to `module_kset` and leads back to the
  /// record.
  ///
  /// Source: `struct kobject` and `struct kset`, include/linux/kobject.h (Linux v5.10 to v7.2); the latter may be shuffled.
  private func directories() -> (offset: Int, outlines: [BTF.Outline])? {
    guard let set = evidence.symbols["module_kset"].flatMap(evidence.word), KernelAddress(set).isInKernelHalf else {
      return nil
    }
    let offsets = stride(from: 0, to: Self.mostBytes, by: 8).filter { offset in
      own.contains(offset &+ 64)
        && records.allSatisfy { record in
          evidence.word(record &+ offset &+ 32) == set
            && evidence.word(record &+ offset).flatMap(evidence.name)
              == evidence.live.text(at: record &+ Self.name)
        }
    }
    guard offsets.count == 1, let offset = offsets.first, let head = head(of: set, from: records[0] &+ offset &+ 8)
    else { return nil }
    return (
      Int(offset),
      [
        BTF.Outline(
          "kobject", byteCount: 64,
          [.number("name", at: 0), .list("entry", at: 8), .number("parent", at: 24), .number("kset", at: 32)]),
        BTF.Outline("module_kobject", byteCount: 72, [.structure("kobj", at: 0, "kobject"), .number("mod", at: 64)]),
        BTF.Outline("kset", byteCount: head + 16, [.list("list", at: head)]),
      ]
    )
  }

  /// A list, a lock, a directory and a pointer.
  private static let leastSetBytes: UInt64 = 96

  /// The offset of the head of a set's list: the one node of the ring of its directories that lies in the set.
  private func head(of set: UInt64, from entry: UInt64) -> Int? {
    guard let nodes = evidence.ring(at: entry) else { return nil }
    // Directories of code that is built in may lie right behind it.
    let heads = nodes.filter { $0 >= set && $0 - set < Self.leastSetBytes }
    return heads.count == 1 ? heads.first.map { Int($0 - set) } : nil
  }
}
