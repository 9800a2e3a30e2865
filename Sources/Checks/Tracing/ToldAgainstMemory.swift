internal import KernelModel
internal import KernelObjects

/// Where what user space is told differs from what memory has.
///
/// User space is asked between two looks at memory: what both looks have must be told, and what is told must be in one of them.
enum ToldAgainstMemory: Hashable {
  /// Memory has it, and it is not told.
  case untold(UInt64)
  /// It is told, and memory has it not: all that may be meant.
  case invented(Set<UInt64>)

  /// What differs each time.
  ///
  /// - Parameters:
  ///   - first: the first look at memory.
  ///   - told: for each thing that is told, all that it may mean; it is given what memory had.
  /// - Returns: why user space could not be asked, if so.
  static func differences(
    in kernel: Kernel, looks: Int, first: Set<UInt64>, memory: () throws(CannotCheck) -> Set<UInt64>,
    told: (Set<UInt64>) throws(Withheld) -> [Set<UInt64>]
  ) throws(CannotCheck) -> Result<[ToldAgainstMemory], Withheld> {
    var before = first
    var withheld: Withheld?
    let wrong = try kernel.persisting(looks: looks) { () throws(CannotCheck) -> [ToldAgainstMemory] in
      let listed: [Set<UInt64>]
      do throws(Withheld) {
        listed = try told(before)
      } catch {
        withheld = error
        return []
      }
      let after = try memory()
      defer { before = after }
      let all = listed.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
      return before.intersection(after).subtracting(all).sorted().map { .untold($0) }
        + listed.filter { !$0.isEmpty && $0.isDisjoint(with: before) && $0.isDisjoint(with: after) }
        .map { .invented($0) }
    } wrong: {
      $0
    }.wrong
    return withheld.map { .failure($0) } ?? .success(wrong)
  }
}
