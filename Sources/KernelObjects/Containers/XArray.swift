internal import KernelFormats
package import KernelModel

/// What stands in an XArray, a radix tree or an IDR, and under which number.
///
/// Source: `struct xarray` and `struct xa_node`, include/linux/xarray.h, which radix trees are since v4.20; `struct idr`,
/// include/linux/idr.h (Linux v5.10 to v7.2).
package struct XArray {
  /// One pointer, and the number that it stands under.
  package struct Entry: Hashable, Sendable {
    package var index: UInt64
    package var pointer: UInt64

    package init(index: UInt64, pointer: UInt64) {
      self.index = index
      self.pointer = pointer
    }
  }

  /// The addresses of its nodes (`struct xa_node`), as they were come upon.
  package private(set) var nodes: [UInt64] = []
  /// The pointers in it, lowest number first, as far as they can be reached: what is below a node that cannot be read hides
  /// nothing else.
  package private(set) var entries = Walk<Entry>()

  /// Bits of a number that one node decides over at most: XA_CHUNK_SHIFT, which is 4 with CONFIG_BASE_SMALL.
  private static let mostChunkBits = 6

  /// - Parameters:
  ///   - array: of the `struct xarray`.
  ///   - limit: more nodes, and more pointers, than the kernel ever has.
  package init(at array: UInt64, limit: Int, _ snapshot: Snapshot) {
    do throws(CannotCheck) {
      let head: UInt64 = try snapshot.object("xarray", at: array)["xa_head"]
      let slots = try snapshot.types.member("slots", of: "xa_node")
      guard let count = slots.elementCount, (1...1 << Self.mostChunkBits).contains(count), count.nonzeroBitCount == 1
      else { throw .layoutUnknown(structure: "xa_node", member: "slots") }
      try follow(head, slots, count, limit, snapshot)
    } catch {
      entries.note(error)
    }
  }

  /// Pointers and numbers of the `struct idr` at `idr`: those of its radix tree, counted from where the IDR begins.
  package static func idr(at idr: UInt64, limit: Int, _ snapshot: Snapshot) throws(CannotCheck) -> XArray {
    let idr = try snapshot.object("idr", at: idr)
    var tree = XArray(at: try idr.address(of: "idr_rt"), limit: limit, snapshot)
    let base: UInt64 = try idr["idr_base"]
    tree.entries = tree.entries.map { Entry(index: $0.index &+ base, pointer: $0.pointer) }
    return tree
  }

  /// All entries.
  ///
  /// - Throws: if the tree leads back to itself, has more nodes than any kernel's, or cannot be read.
  package func whole() throws(CannotCheck) -> [Entry] { try entries.whole() }

  private mutating func follow(
    _ head: UInt64, _ slots: BTF.Member, _ count: Int, _ limit: Int, _ snapshot: Snapshot
  ) throws(CannotCheck) {
    let shiftOffset = try snapshot.offset("shift", in: "xa_node")
    let bits = UInt64(count.trailingZeroBitCount)
    var seen: Set<UInt64> = []
    // A node decides over fewer bits of the number than the one above it.
    var waiting: [(entry: UInt64, index: UInt64, below: UInt64)] = [(head, 0, 64 + bits)]
    while let (entry, index, below) = waiting.popLast() {
      guard let node = Self.node(entry) else {
        // Other entries are numbers, or the tree's own marks: xa_is_value(), xa_is_internal().
        guard entry != 0, entry & 3 == 0 else { continue }
        guard entries.elements.count < limit else { throw .torn("an XArray", "has more than \(limit) entries") }
        entries.add(Entry(index: index, pointer: entry))
        continue
      }
      do throws(CannotCheck) {
        let shift = UInt64(try snapshot.load(UInt8.self, at: node &+ shiftOffset))
        guard shift < 64, shift + bits <= below, nodes.count < limit, seen.insert(node).inserted else {
          throw .torn("an XArray", "leads back to \(KernelAddress(node)), or changed while it was read")
        }
        nodes.append(node)
        for slot in (0..<UInt64(count)).reversed() {
          let place = node &+ UInt64(slots.byteOffset) &+ slot &* 8
          waiting.append((try snapshot.load(UInt64.self, at: place), index &+ slot << shift, shift))
        }
      } catch {
        entries.note(error)
      }
    }
  }

  /// The address of the node that an entry leads to, if it does: xa_is_node().
  private static func node(_ entry: UInt64) -> UInt64? { entry & 3 == 2 && entry > 4096 ? entry &- 2 : nil }
}
