internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Where words in the kernel's allocated objects lead, at one moment.
///
/// An object that is in use may have members that nobody set, and they hold what was there before. So what leads to memory that cannot be
/// executed is no hook: a module that was there is gone.
final class SlabJudge {
  enum Standing: Hashable {
    /// A function of the kernel's own, or a table among its constants.
    case kernel
    case module(String)
    case generated
    /// A table elsewhere, whose functions are all owned.
    case table
    /// Nowhere that can be executed.
    case nowhere
    /// Into the middle of one of the kernel's functions.
    case insideFunction
    /// Into the middle of a listed module's function: another's may have been there.
    case insideModule
    /// Executable memory that nobody owns.
    case unowned
  }

  /// A word of a structure by which code is reached.
  struct Slot {
    let offset: Int
    let path: String
    let mayBeFunction: Bool
    let tables: [KernelType]
    /// The bits of another member that say that a union is this; nil if nothing need say it.
    var sign: (member: BTF.Member, mask: UInt64, value: UInt64)?

    /// Whether the structure at `start` is one that has it.
    func isInUse(_ bytes: [UInt8], _ start: Int) -> Bool {
      guard let sign else { return true }
      return bytes.number(sign.member, at: start).map { $0 & sign.mask == sign.value } ?? false
    }
  }

  /// A member of a union, and the bits of another that say that it is in use.
  private struct Alternative {
    let structure: String
    let member: String
    let table: String
    let sign: (member: String, mask: UInt64, value: UInt64)
  }

  /// Files of sysfs, of control groups and the like: `enum kernfs_node_type`, include/linux/kernfs.h (Linux v5.10 to v7.2).
  private static let alternatives = [
    Alternative(
      structure: "kernfs_node", member: "attr.ops", table: "kernfs_ops", sign: (member: "flags", mask: 0xf, value: 2))
  ]

  let snapshot: Snapshot
  private let kernel: Kernel
  private let targets: RegisteredTargets
  /// Executable memory that nobody owns.
  private let unowned: [MemoryRegion]
  /// Of values that are no function's start.
  private var strange: [UInt64: Standing] = [:]
  private var tables: [TableKey: (standing: Standing, word: RegisteredWord?)] = [:]

  private struct TableKey: Hashable {
    let address: UInt64
    let type: Int
  }

  private static let mostKept = 1 << 20

  init(_ kernel: Kernel, _ snapshot: Snapshot, _ targets: RegisteredTargets, unowned: [MemoryRegion]) {
    (self.kernel, self.snapshot, self.targets, self.unowned) = (kernel, snapshot, targets, unowned)
  }

  /// The words of a structure by which code is reached, that lie in so many bytes.
  func slots(of type: KernelType, within byteCount: Int) -> [Slot] {
    let decided = Self.alternatives.compactMap { alternative -> Slot? in
      guard alternative.structure == type.name, let member = type.memberIfAny(alternative.member),
        let sign = type.memberIfAny(alternative.sign.member), let table = snapshot.types.typeIfAny(alternative.table),
        max(member.byteOffset + 8, sign.byteOffset + sign.byteCount) <= byteCount, sign.byteCount <= 8
      else { return nil }
      return Slot(
        offset: member.byteOffset, path: alternative.member, mayBeFunction: false, tables: [table],
        sign: (sign, alternative.sign.mask, alternative.sign.value))
    }
    return decided
      + snapshot.types.codeMembers(of: type).filter { $0.offset + 8 <= byteCount }.map {
        Slot(offset: $0.offset, path: $0.path, mayBeFunction: $0.mayBeFunction, tables: $0.tables)
      }
  }

  /// Where a word leads, and, if that is a table, which word of it says so.
  func judge(_ value: UInt64, _ slot: Slot) -> (standing: Standing, word: RegisteredWord?) {
    if !slot.tables.isEmpty, targets.isConstant(value) { return (.kernel, nil) }
    if slot.mayBeFunction {
      let standing = standing(ofFunction: value)
      if slot.tables.isEmpty || ![.nowhere, .insideFunction, .insideModule].contains(standing) {
        return (standing, nil)
      }
    }
    // What two of a union's members may be is right if it is right as one of them.
    var worst: (standing: Standing, word: RegisteredWord?) = (.nowhere, nil)
    for type in slot.tables {
      let judged = judgeTable(value, type)
      if judged.standing != .unowned { return judged }
      worst = judged
    }
    return worst
  }

  private func standing(ofFunction value: UInt64) -> Standing {
    if let known = strange[value] { return known }
    switch targets.standing(ofFunction: value) {
    case .kernel, .freed: return .kernel
    case .module(let name): return .module(name)
    case .generated: return .generated
    case .wrong: break
    }
    let standing: Standing
    switch kernel.owner(of: KernelAddress(value)) {
    case .kernelText: standing = .insideFunction
    case .module: standing = .insideModule
    case .generatedCode: standing = .generated
    // Since v6.13 the memory of modules that are gone stays executable, and is filled with breakpoints: it is nobody's, and no code.
    case .kernelData, .nobody: standing = isUnowned(value) ? .unowned : .nowhere
    }
    if strange.count >= Self.mostKept { strange = [:] }
    strange[value] = standing
    return standing
  }

  func isUnowned(_ address: UInt64) -> Bool { unowned.contains { $0.contains(KernelAddress(address)) } }

  private func judgeTable(_ address: UInt64, _ type: KernelType) -> (standing: Standing, word: RegisteredWord?) {
    let key = TableKey(address: address, type: type.layout.id)
    if let known = tables[key] { return known }
    let judged = judgeFunctions(of: address, type)
    if tables.count >= Self.mostKept { tables = [:] }
    tables[key] = judged
    return judged
  }

  /// By the first function that leads to unowned code; or else, to others' than the kernel's.
  private func judgeFunctions(of address: UInt64, _ type: KernelType) -> (standing: Standing, word: RegisteredWord?) {
    // A table that cannot be read is followed by nobody.
    guard let words = try? KernelObject(type, at: address, snapshot).codeWords(.all) else { return (.nowhere, nil) }
    var foreign: (standing: Standing, word: RegisteredWord?)?
    for code in words where code.mayBeFunction && code.tables.isEmpty {
      let standing = standing(ofFunction: code.word.value)
      switch standing {
      case .unowned: return (.unowned, code.word)
      case .module, .generated: foreign = foreign ?? (standing, code.word)
      default: break
      }
    }
    return foreign ?? (.table, nil)
  }
}
