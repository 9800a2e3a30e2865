internal import KernelFormats
internal import KernelModel

/// Steps to members, and to what they say how many there are of.
extension RegisteredWalk {
  /// One place that a path leads to: a member, or an element of an array.
  struct Place {
    let address: UInt64
    let trail: String
    /// What has it, by which path, and which element it is.
    fileprivate let object: KernelObject
    fileprivate let path: String
    fileprivate let index: Int

    var snapshot: Snapshot { object.snapshot }

    func structure() throws(CannotCheck) -> KernelObject {
      path.isEmpty ? object : try object.member(path, index)
    }
  }

  /// Goes on from each place that one of the paths leads to; what stands against one hides no other.
  mutating func eachPlace(
    _ paths: String, _ body: (Place, inout Found) throws(CannotCheck) -> Void
  ) throws(CannotCheck) {
    let paths = paths.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    try each { (thing, found: inout Found) throws(CannotCheck) in
      var isPresent = false
      for path in paths {
        // The thing itself, or what it has there.
        let member = path.isEmpty ? nil : thing.object.type.memberIfAny(path)
        guard path.isEmpty || member != nil else { continue }
        isPresent = true
        for index in 0..<min(member?.elementCount ?? 1, Self.mostElements) {
          let place = Self.place(path, member, index, of: thing, isNamed: paths.count > 1)
          try found.attempt { (found: inout Found) throws(CannotCheck) in try body(place, &found) }
        }
      }
      guard isPresent else { throw .layoutUnknown(structure: thing.object.type.name, member: paths[0]) }
    }
  }

  /// - Parameter isNamed: whether the path belongs to the name of what is found there; a place in an array does.
  private static func place(
    _ path: String, _ member: BTF.Member?, _ index: Int, of thing: Registration, isNamed: Bool
  ) -> Place {
    let object = thing.object
    guard let member else {
      return Place(address: object.address, trail: thing.trail, object: object, path: path, index: index)
    }
    let name = (member.elementCount ?? 1) > 1 ? "\(path)[\(index)]" : isNamed ? path : ""
    return Place(
      address: object.address &+ UInt64(member.byteOffset) &+ UInt64(index) &* UInt64(member.elementByteCount),
      trail: name.isEmpty ? thing.trail : thing.trail.isEmpty ? name : "\(thing.trail) \(name)", object: object,
      path: path, index: index)
  }

  mutating func takeElements(_ path: String, _ count: String) throws(CannotCheck) {
    try each { (thing, found: inout Found) throws(CannotCheck) in
      let first = try thing.object.member(path)
      let count: UInt64 = try thing.object[count]
      guard count <= UInt64(Self.mostElements) else {
        throw .torn("the \(thing.object.type.name) at \(KernelAddress(thing.object.address))", "has \(count) elements")
      }
      for index in 0..<count {
        let place = first.address &+ index &* UInt64(first.type.layout.byteCount)
        found.things.append(
          Registration(
            object: KernelObject(first.type, at: place, first.snapshot), trail: "\(thing.trail) entry \(index)"))
      }
    }
  }

  mutating func takeVector(_ path: String, _ count: String, _ structure: String) throws(CannotCheck) {
    let type = try snapshot.types.type(structure)
    try each { (thing, found: inout Found) throws(CannotCheck) in
      let vector: UInt64 = try thing.object[path]
      guard vector != 0 else { return }
      let count: UInt64 = try thing.object[count]
      guard count <= UInt64(Self.most) else {
        throw .torn("the \(thing.object.type.name) at \(KernelAddress(thing.object.address))", "has \(count) pointers")
      }
      for index in 0..<count {
        let target = try thing.object.snapshot.load(UInt64.self, at: vector &+ index &* 8)
        guard target != 0 else { continue }
        found.things.append(
          Registration(object: KernelObject(type, at: target, thing.object.snapshot), trail: thing.trail))
      }
    }
  }

  /// - Parameter more: behind those that the member says.
  mutating func takeStructures(
    _ path: String, _ count: String, _ structure: String, andMore more: UInt64 = 0
  ) throws(CannotCheck) {
    let type = try snapshot.types.type(structure)
    try each { (thing, found: inout Found) throws(CannotCheck) in
      let table: UInt64 = try thing.object[path]
      guard table != 0 else { return }
      let count: UInt64 = try thing.object[count]
      guard count < UInt64(Self.most) else {
        throw .torn(
          "the \(thing.object.type.name) at \(KernelAddress(thing.object.address))", "has \(count) structures")
      }
      for index in 0..<count + more {
        let place = table &+ index &* UInt64(type.layout.byteCount)
        found.things.append(
          Registration(object: KernelObject(type, at: place, thing.object.snapshot), trail: thing.trail))
      }
    }
  }
}
