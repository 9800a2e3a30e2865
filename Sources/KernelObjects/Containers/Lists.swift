internal import KernelFormats
package import KernelModel

/// Lists whose nodes each hold the address of the next: `list_head`, `hlist_head`, `llist_head`, tables of `hlist_head`, and
/// what is linked by a plain `next`.
///
/// Source: include/linux/list.h, list_nulls.h, llist.h, types.h (Linux v5.10 to v7.2). The names are drgn's: list, hlist,
/// llist, hash table.
extension Snapshot {
  /// The structures of a list by the name of its head; none if this kernel has no such list.
  package func list(
    at head: String, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [KernelObject] {
    guard let address = try symbols.addressIfAny(of: head) else { return [] }
    return try list(at: address, linkedBy: link, of: structure, limit: limit)
  }

  /// The structures of the circular list whose head is at `head`.
  ///
  /// - Parameters:
  ///   - link: the member of type `list_head`.
  ///   - limit: more structures than the kernel ever has.
  package func list(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [KernelObject] {
    try listWalk(at: head, linkedBy: link, of: structure, limit: limit).whole()
  }

  /// The structures of the circular list whose head is at `head`, as far as it can be followed.
  package func listWalk(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) -> Walk<KernelObject> {
    walk(at: head, linkedBy: link, of: structure, limit: limit) { $0 == head }
  }

  /// The structures of the list that begins with the node whose address is at `head`: a `hlist_head`, with NULL at its end or
  /// an odd number (`hlist_nulls_head`), or a `llist_head`.
  package func hlist(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) throws(CannotCheck) -> [KernelObject] {
    try hlistWalk(at: head, linkedBy: link, of: structure, limit: limit).whole()
  }

  /// The same, as far as it can be followed.
  package func hlistWalk(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) -> Walk<KernelObject> {
    walk(at: head, linkedBy: link, of: structure, limit: limit, until: Self.isEnd)
  }

  private static func isEnd(_ node: UInt64) -> Bool { node == 0 || node & 1 == 1 }

  /// The structures in a hash table: an array of `hlist_head`s, as far as each can be followed.
  ///
  /// - Parameters:
  ///   - count: of lists.
  ///   - limit: of structures in all lists together.
  package func hashTable(
    at table: UInt64, count: UInt64, linkedBy link: String, of structure: String, limit: Int
  ) -> Walk<KernelObject> {
    var walk = Walk<KernelObject>()
    for bucket in 0..<count {
      walk.add(
        self.walk(
          at: table &+ bucket &* 8, linkedBy: link, of: structure, limit: limit - walk.elements.count, until: Self.isEnd
        ))
    }
    return walk
  }

  /// The structures of a list without a head of its own, from the one at `first` to NULL or `end`, as far as it can be followed.
  ///
  /// - Parameter next: the member that holds the address of the next structure.
  package func chain(
    from first: UInt64, next: String, of structure: String, upTo end: UInt64 = 0, limit: Int
  ) -> Walk<KernelObject> {
    nodes(of: structure, at: next) { (offset, found: inout [UInt64]) throws(CannotCheck) in
      try follow(first, next: offset, in: structure, limit: limit, into: &found) { $0 == 0 || $0 == end }
    }
  }

  private func walk(
    at head: UInt64, linkedBy link: String, of structure: String, limit: Int, until isEnd: (UInt64) -> Bool
  ) -> Walk<KernelObject> {
    nodes(of: structure, at: link) { (offset, found: inout [UInt64]) throws(CannotCheck) in
      defer { for index in found.indices { found[index] = found[index] &- offset } }
      try follow(load(UInt64.self, at: head), next: 0, in: structure, limit: limit, into: &found, until: isEnd)
    }
  }

  /// The structures whose addresses `follow` adds, which is told where a member lies in each.
  private func nodes(
    of structure: String, at member: String, follow: (UInt64, inout [UInt64]) throws(CannotCheck) -> Void
  ) -> Walk<KernelObject> {
    guard let type = types.typeIfAny(structure), let place = type.memberIfAny(member) else {
      return Walk(obstacle: types.unknown(structure, member))
    }
    return Walk<UInt64> { (found: inout [UInt64]) throws(CannotCheck) in
      try follow(UInt64(place.byteOffset), &found)
    }.map { KernelObject(type, at: $0, self) }
  }

  /// Adds each node from `first` on, each once.
  ///
  /// A list that leads back into itself, as one does that is changed while it is read, is told by a node that comes again:
  /// one node is kept for comparison, and another after each doubling of the way (R. P. Brent, "An improved Monte Carlo
  /// factorization algorithm", 1980).
  ///
  /// - Parameter offset: where in a node the address of the next stands.
  private func follow(
    _ first: UInt64, next offset: UInt64, in structure: String, limit: Int, into found: inout [UInt64],
    until isEnd: (UInt64) -> Bool
  ) throws(CannotCheck) {
    var node = first
    var kept: UInt64 = 0
    var turn = 1
    while !isEnd(node) {
      guard node != 0, node != kept, found.count < limit else {
        var seen: Set<UInt64> = []
        found.removeAll { !seen.insert($0).inserted }
        throw .torn(
          "the list of \(structure)s",
          node == 0
            ? "ends in the middle, or changed while it was read"
            : node == kept
              ? "leads back to \(KernelAddress(node)), or changed while it was read" : "has more than \(limit) nodes")
      }
      if found.count == turn {
        kept = node
        turn *= 2
      }
      found.append(node)
      node = try load(UInt64.self, at: node &+ offset)
    }
  }
}

extension KernelObject {
  /// The structures of the circular list whose head is a member, as far as it can be followed.
  package func list(_ head: String, linkedBy link: String, of structure: String, limit: Int) -> Walk<KernelObject> {
    do throws(CannotCheck) {
      return snapshot.listWalk(at: try address(of: head), linkedBy: link, of: structure, limit: limit)
    } catch {
      return Walk(obstacle: error)
    }
  }
}
