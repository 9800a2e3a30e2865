internal import KernelModel
internal import KernelObjects

/// What is registered of one kind at one moment, and what of it leads astray.
struct RegisteredLook {
  /// A word that leads astray, or to somebody else's code.
  struct Lead: Hashable {
    let word: RegisteredWord
    /// Of what was registered.
    let structure: UInt64
    /// What that is called.
    let name: String

    static func == (left: Self, right: Self) -> Bool { left.word == right.word }

    func hash(into hasher: inout Hasher) { hasher.combine(word) }
  }

  /// Whether a kernel has what a row says.
  enum Presence {
    case found, absent, laidOutOtherwise
  }

  let row: RegisteredRow
  private(set) var presence = Presence.absent
  /// Whether there are more than were looked at.
  private(set) var areMore = false
  /// Words that were looked at, by whose they lead to.
  private(set) var counts: [RegisteredTargets.Standing: Int] = [:]
  var wrong: [Lead] = []
  /// Words that lead to others' functions: of each thing, one for each owner.
  private(set) var foreign: [Lead] = []
  /// Why some could not be looked at; nil if there is no reason.
  private(set) var obstacle: CannotCheck?

  /// A table that many have is judged once.
  private var tables: [UInt64: Table] = [:]

  private struct Table {
    var astray: [RegisteredWord] = []
    /// One word for each owner but the kernel itself.
    var owners: [RegisteredTargets.Standing: RegisteredWord] = [:]
  }

  /// Tables within tables.
  private static let deepest = 3

  var wordCount: Int { counts.values.reduce(0, +) }

  init(_ row: RegisteredRow, _ snapshot: Snapshot, _ targets: RegisteredTargets) {
    self.row = row
    let walk: Walk<Registration>
    do throws(CannotCheck) {
      switch try snapshot.registrations(of: row) {
      case .found(let found, let areMore): (walk, self.areMore) = (found, areMore)
      case .absent: return
      case .laidOutOtherwise:
        presence = .laidOutOtherwise
        return
      }
      presence = .found
    } catch {
      presence = .found
      obstacle = error
      return
    }
    obstacle = walk.obstacle
    for thing in walk.elements {
      do throws(CannotCheck) {
        try judge(thing, targets)
      } catch {
        obstacle = obstacle ?? error
      }
    }
  }

  private mutating func judge(_ thing: Registration, _ targets: RegisteredTargets) throws(CannotCheck) {
    let judged = try judge(thing.object, thing.object.codeWords(row.reads), targets, depth: 0)
    guard !judged.astray.isEmpty || !judged.owners.isEmpty else { return }
    let name = thing.name(row.label)
    wrong += judged.astray.map { Lead(word: $0, structure: thing.object.address, name: name) }
    foreign += judged.owners.values.map { Lead(word: $0, structure: thing.object.address, name: name) }
  }

  private mutating func judge(
    _ object: KernelObject, _ words: [KernelObject.CodeWord], _ targets: RegisteredTargets, depth: Int
  ) throws(CannotCheck) -> Table {
    var judged = Table()
    for code in words { try judge(code, of: object, targets, depth: depth, into: &judged) }
    return judged
  }

  private mutating func judge(
    _ code: KernelObject.CodeWord, of object: KernelObject, _ targets: RegisteredTargets, depth: Int,
    into judged: inout Table
  ) throws(CannotCheck) {
    let word = code.word
    if code.mayBeFunction {
      let standing = targets.standing(of: word)
      if standing != .wrong || code.tables.isEmpty {
        counts[standing, default: 0] += 1
        switch standing {
        case .wrong: judged.astray.append(word)
        case .module, .generated: if judged.owners[standing] == nil { judged.owners[standing] = word }
        case .kernel, .freed: break
        }
        return
      }
    }
    if targets.isConstant(word.value) {
      counts[.kernel, default: 0] += 1
      return
    }
    guard depth < Self.deepest else { return }
    let table = try self.table(code, of: object, targets, depth: depth)
    judged.astray += table.astray
    judged.owners.merge(table.owners) { first, _ in first }
  }

  /// What a word leads to that is no function, as the table that it is.
  private mutating func table(
    _ code: KernelObject.CodeWord, of object: KernelObject, _ targets: RegisteredTargets, depth: Int
  ) throws(CannotCheck) -> Table {
    let word = code.word
    if let known = tables[word.value] { return known }
    // What two of a union's members may be is right if it is right as one of them.
    var best: Table?
    for type in code.tables {
      let table = KernelObject(type, at: word.value, object.snapshot)
      let judged = try judge(table, table.codeWords(.all), targets, depth: depth + 1)
      if judged.astray.count < best?.astray.count ?? .max { best = judged }
    }
    let judged = best ?? Table(astray: [word])
    tables[word.value] = judged
    return judged
  }
}
