internal import KernelFormats
package import KernelModel

extension RegisteredRow {
  /// What of a row a kernel has.
  package enum Reach {
    /// All that is registered, as far as it can be followed, and whether there are more than a row asks for.
    case found(Walk<Registration>, areMore: Bool)
    /// This kernel has no such variable.
    case absent
    /// It has, and lays out what is there in another way.
    case laidOutOtherwise
  }
}

extension Snapshot {
  /// All that is registered as `row` says.
  ///
  /// - Parameter start: where its first step goes on from; none if that leads to a variable.
  /// - Throws: if it cannot be told whether this kernel has such a thing.
  package func registrations(
    of row: RegisteredRow, from start: KernelObject? = nil
  ) throws(CannotCheck) -> RegisteredRow.Reach {
    var walk = RegisteredWalk(snapshot: self)
    if let start { walk.things = [Registration(object: start, trail: "")] }
    do throws(CannotCheck) {
      for step in row.steps { try walk.take(step) }
    } catch .layoutUnknown {
      return .laidOutOtherwise
    } catch .symbolMissing {
      return .absent
    }
    var result = Walk<Registration>()
    for thing in walk.things { result.add(thing) }
    if let obstacle = walk.obstacle { result.note(obstacle) }
    return .found(result, areMore: walk.areMore)
  }
}

/// Follows the steps of a row.
struct RegisteredWalk {
  let snapshot: Snapshot
  var things: [Registration] = []
  /// Whether somewhere are more than are asked for.
  var areMore = false
  /// Why some cannot be reached; nil if there is no reason.
  var obstacle: CannotCheck?

  /// Things in one container at most, and elements of a variable.
  static let most = 1 << 18
  static let mostElements = 1 << 14

  init(snapshot: Snapshot) {
    self.snapshot = snapshot
  }

  mutating func take(_ step: RegisteredRow.Step) throws(CannotCheck) {
    switch step {
    case .variable(let name, let structure): try takeArray(name, structure, .atMost(1))
    case .array(let name, let structure, let count): try takeArray(name, structure, count)
    // Any structure of one word will do.
    case .words(let name, let count): try takeArray(name, "hlist_head", .atMost(count))
    case .pointers(let name, let structure, let count): try takePointers(name, structure, count)
    case .perProcessor(let name, let structure, let count): try takePerProcessor(name, structure, count)
    case .parts(let structure):
      let type = try snapshot.types.type(structure)
      try each { (thing, found: inout Found) throws(CannotCheck) in
        let size = max(type.layout.byteCount, 1)
        for index in 0..<thing.object.type.layout.byteCount / size {
          let place = thing.object.address &+ UInt64(index * size)
          found.things.append(Registration(object: KernelObject(type, at: place, thing.object.snapshot), trail: ""))
        }
      }
    case .settings:
      try each { (thing, found: inout Found) throws(CannotCheck) in
        try found.things += SettingsTables.registrations(below: thing)
      }
    case .having(let path, let bits):
      try each { (thing, found: inout Found) throws(CannotCheck) in
        let value: UInt64 = try thing.object[path]
        if value & bits != 0 { found.things.append(thing) }
      }
    case .lacking(let path):
      try each { (thing, found: inout Found) throws(CannotCheck) in
        guard !thing.object.has(path) else { throw .layoutUnknown(structure: thing.object.type.name, member: path) }
        found.things.append(thing)
      }
    case .leading(let path, let function):
      let address = try snapshot.symbols.address(of: function)
      try each { (thing, found: inout Found) throws(CannotCheck) in
        if try thing.object[path] == address { found.things.append(thing) }
      }
    case .container(let structure, let member):
      try each { (thing, found: inout Found) throws(CannotCheck) in
        found.things.append(
          Registration(object: try thing.object.container(structure, member: member), trail: thing.trail))
      }
    case .chain(let next):
      try each { (thing, found: inout Found) throws(CannotCheck) in
        found.things += try thing.object.snapshot.chain(
          from: thing.object.address, next: next, of: thing.object.type.name, limit: Self.most
        ).whole().map { Registration(object: $0, trail: thing.trail) }
      }
    case .elements(let member, let count): try takeElements(member, count)
    case .vector(let path, let count, let structure): try takeVector(path, count, structure)
    case .structures(let path, let count, let structure): try takeStructures(path, count, structure)
    case .buckets(let path, let mask, let structure): try takeStructures(path, mask, structure, andMore: 1)
    case .member(let paths):
      try eachPlace(paths) { (place, found: inout Found) throws(CannotCheck) in
        found.things.append(Registration(object: try place.structure(), trail: place.trail))
      }
    case .pointer(let paths, let structure):
      let type = try snapshot.types.type(structure)
      try eachPlace(paths) { (place, found: inout Found) throws(CannotCheck) in
        let address = try place.snapshot.load(UInt64.self, at: place.address)
        guard address != 0 else { return }
        found.things.append(Registration(object: KernelObject(type, at: address, place.snapshot), trail: place.trail))
      }
    default: try takeContainer(step)
    }
  }

  /// Goes on from each thing; what stands against one hides no other.
  mutating func each(
    _ body: (Registration, inout Found) throws(CannotCheck) -> Void
  ) throws(CannotCheck) {
    var found = Found()
    for thing in things {
      try found.attempt { (found: inout Found) throws(CannotCheck) in try body(thing, &found) }
    }
    things = found.things
    if found.areMore { areMore = true }
    if let reason = found.obstacle { note(reason) }
  }

  /// What a step led to.
  struct Found {
    var things: [Registration] = []
    var areMore = false
    var obstacle: CannotCheck?

    /// Adds what `body` finds; what stands against it is noted, and that a kernel is laid out otherwise stands against all.
    mutating func attempt(_ body: (inout Found) throws(CannotCheck) -> Void) throws(CannotCheck) {
      do throws(CannotCheck) {
        try body(&self)
      } catch .layoutUnknown(let structure, let member) {
        throw .layoutUnknown(structure: structure, member: member)
      } catch {
        obstacle = obstacle ?? error
      }
    }
  }

  mutating func note(_ error: CannotCheck) { obstacle = obstacle ?? error }
}
