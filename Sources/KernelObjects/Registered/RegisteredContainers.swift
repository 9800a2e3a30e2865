internal import KernelFormats
internal import KernelModel

/// Steps into containers.
extension RegisteredWalk {
  mutating func takeContainer(_ step: RegisteredRow.Step) throws(CannotCheck) {
    switch step {
    case .list(let paths, let structure, let link, let first):
      try takeNodes(paths, structure, link, first) { (snapshot, head) throws(CannotCheck) in
        // One that nothing was hung into yet.
        guard try snapshot.load(UInt64.self, at: head) != 0 else { return Walk() }
        return snapshot.listWalk(at: head, linkedBy: "next", of: "list_head", limit: first ?? Self.most)
      }
    case .hlist(let paths, let structure, let link, let first):
      try takeNodes(paths, structure, link, first) { (snapshot, head) throws(CannotCheck) in
        snapshot.hlistWalk(at: head, linkedBy: "next", of: "hlist_node", limit: first ?? Self.most)
      }
    case .tree(let paths, let structure, let link):
      try takeTree(paths, structure, link)
    case .descendants(let paths, let structure, let link):
      var all: [Registration] = []
      var seen: Set<UInt64> = []
      repeat {
        try takeTree(paths, structure, link)
        things.removeAll { !seen.insert($0.object.address).inserted }
        all += things
      } while !things.isEmpty && all.count < Self.most
      things = all
    case .idr(let paths, let structure):
      try takeEntries(paths, structure) { (snapshot, address) throws(CannotCheck) in
        try XArray.idr(at: address, limit: Self.most, snapshot).whole().map { ($0.index, $0.pointer) }
      }
    case .xArray(let paths, let structure):
      try takeEntries(paths, structure) { (snapshot, address) throws(CannotCheck) in
        try XArray(at: address, limit: Self.most, snapshot).whole().map { ($0.index, $0.pointer) }
      }
    case .mapleTree(let paths, let structure):
      try takeEntries(paths, structure) { (snapshot, address) throws(CannotCheck) in
        try MapleTree(snapshot.object("maple_tree", at: address), limit: Self.most).whole().map {
          ($0.first, $0.pointer)
        }
      }
    default: break
    }
  }

  private mutating func takeNodes(
    _ paths: String, _ structure: String, _ link: String, _ first: Int?,
    _ nodes: (Snapshot, UInt64) throws(CannotCheck) -> Walk<KernelObject>
  ) throws(CannotCheck) {
    let type = try snapshot.types.type(structure, having: link)
    let offset = UInt64(try type.member(link).byteOffset)
    try eachPlace(paths) { (place, found: inout Found) throws(CannotCheck) in
      let (things, areMore) = try Self.again(place.snapshot) { (snapshot) throws(CannotCheck) in
        let walk = try nodes(snapshot, place.address)
        let areMore = first.map { walk.obstacle != nil && walk.elements.count >= $0 } ?? false
        let nodes = areMore ? walk.elements : try walk.whole()
        let things = nodes.map { node in
          Registration(object: KernelObject(type, at: node.address &- offset, snapshot), trail: place.trail)
        }
        return (things, areMore)
      }
      found.things += things
      if areMore { found.areMore = true }
    }
  }

  private mutating func takeTree(_ paths: String, _ structure: String, _ link: String) throws(CannotCheck) {
    _ = try snapshot.types.member(link, of: structure)
    try eachPlace(paths) { (place, found: inout Found) throws(CannotCheck) in
      found.things += try Self.again(place.snapshot) { (snapshot) throws(CannotCheck) in
        try snapshot.redBlackTree(at: place.address, linkedBy: link, of: structure, limit: Self.most).map {
          Registration(object: $0, trail: place.trail)
        }
      }
    }
  }

  private mutating func takeEntries(
    _ paths: String, _ structure: String,
    _ entries: (Snapshot, UInt64) throws(CannotCheck) -> [(index: UInt64, pointer: UInt64)]
  ) throws(CannotCheck) {
    let type = try snapshot.types.type(structure)
    try eachPlace(paths) { (place, found: inout Found) throws(CannotCheck) in
      found.things += try Self.again(place.snapshot) { (snapshot) throws(CannotCheck) in
        try entries(snapshot, place.address).map { index, pointer in
          let trail = place.trail.isEmpty ? "number \(index)" : "\(place.trail) number \(index)"
          return Registration(object: KernelObject(type, at: pointer, snapshot), trail: trail)
        }
      }
    }
  }

  private static let attempts = 4

  /// What is read of a container as it is now, if it cannot be followed as it was a moment ago: alone it takes a moment.
  private static func again<Value>(
    _ snapshot: Snapshot, _ attempt: (Snapshot) throws(CannotCheck) -> Value
  ) throws(CannotCheck) -> Value {
    var snapshot = snapshot
    for _ in 1..<attempts {
      do throws(CannotCheck) {
        return try attempt(snapshot)
      } catch {
        guard error.mayPass else { throw error }
        snapshot = snapshot.reading(snapshot.live.memory.fresh)
      }
    }
    return try attempt(snapshot)
  }
}
