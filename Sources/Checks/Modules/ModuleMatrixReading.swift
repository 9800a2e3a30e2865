package import KernelModel
internal import KernelObjects

extension ModuleMatrix {
  /// How often what looks wrong is looked at: what is being loaded or removed is through after some of these.
  private static let looks = 8

  /// Asks every place of `kernel` that knows of modules.
  ///
  /// What looks wrong is looked at again and again: only what is wrong each time, in the same way, is wrong here.
  ///
  /// - Throws: if the kernel's structures cannot be read.
  package init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.provenStructures
    guard !kernel.isBuiltWithoutModules else {
      self.init(rows: [], unread: [:], expectation: structures.expectation)
      return
    }
    // Where no module is on the list, nothing shows what records look like.
    guard structures.reader.types.offsetIfAny(of: "name", in: "module") != nil else {
      throw structures.reader.types.unknown("module", "name")
    }
    let imageEnd = KernelAddress(structures.reader.symbols["_end"] ?? structures.text.upperBound)
    let carved = try CarvedModules(in: Machine.moduleSpace(above: imageEnd), kernel, structures.reader).records
    var census = try ModuleCensus(kernel, structures, carved: carved, withKallsyms: false)
    var rows = census.rows
    for _ in 1..<Self.looks where rows.contains(where: { !$0.isSound }) {
      kernel.pause()
      let asksKallsyms = rows.contains { $0.missing.contains(.kallsyms) }
      census = try ModuleCensus(kernel, structures, carved: carved, withKallsyms: asksKallsyms)
      let again = Dictionary(census.rows.map { (Identity($0), $0) }, uniquingKeysWith: { first, _ in first })
      rows = rows.compactMap { row in
        guard !row.isSound else { return again[Identity(row)] ?? row }
        return again[Identity(row)].map { row.confirmed(by: $0) }
      }
    }
    if !kernel.isRunning { try Self.excuseComingOrGoing(&rows, structures.reader) }
    self.init(
      rows: Self.ordered(rows), unread: census.unread, expectation: structures.expectation)
  }

  /// Expects nothing more of modules that were being loaded or unloaded when the kernel stopped: there is no looking again.
  private static func excuseComingOrGoing(_ rows: inout [Row], _ reader: Snapshot) throws(CannotCheck) {
    let unformed = rows.filter { !$0.isSound && $0.isUnformed }
    let excused = try ComingOrGoing.among(Set(unformed.compactMap { $0.structure?.rawValue }), reader)
    for index in rows.indices where rows[index].structure.map({ excused.contains($0.rawValue) }) == true {
      rows[index].marks = rows[index].marks.mapValues { $0 == .missing ? .notExpected : $0 }
      rows[index].signs = []
    }
  }

  /// What makes two rows of two looks the same.
  private struct Identity: Hashable {
    let name: String
    let structure: KernelAddress?
    let code: KernelAddress?

    init(_ row: Row) {
      (name, structure, code) = (row.name, row.structure, row.code?.start)
    }
  }

  private static func ordered(_ rows: [Row]) -> [Row] {
    rows.filter { $0.marks[.list] == .present } + rows.filter { $0.marks[.list] != .present }
  }
}

extension ModuleMatrix.Row {
  fileprivate var isUnformed: Bool { state == "\(LiveModule.State.unformed)" }

  /// Whether, in a kernel that stopped, it was being loaded or unloaded: see ``ComingOrGoing``.
  var isComingOrGoing: Bool { isSound && isUnformed }

  /// What is wrong here and in `other`, a later look.
  fileprivate func confirmed(by other: Self) -> Self {
    var row = other
    for place in other.missing where marks[place] != .missing { row.marks[place] = .notExpected }
    row.signs = signs.filter(other.signs.contains)
    return row
  }
}

extension Kernel {
  private static let moduleMatrixMember = Workings.Member { (kernel) throws(CannotCheck) in try ModuleMatrix(of: kernel)
  }

  /// Who in it knows of which module.
  ///
  /// - Throws: if its structures cannot be read.
  var moduleMatrix: ModuleMatrix {
    get throws(CannotCheck) { try value(of: Self.moduleMatrixMember) }
  }
}
