import Checks
import KernelModel
import SavedKernel

/// How many of many redirections of what was registered with a kernel are found: half of them lead to memory that nobody owns, half to
/// another function or table of the kernel's own.
enum RegisteredMutation {
  private static let perLook = 500

  /// Found, and all.
  private typealias Score = (found: Int, changes: Int)

  /// - Parameters:
  ///   - functions: where the kernel's functions start.
  ///   - tables: where its constant tables do.
  /// - Returns: whether all that lead to unowned memory were found, and nothing else.
  static func run(
    _ saved: SavedKernel, _ engine: Engine, functions: [KernelAddress], tables: [KernelAddress],
    options: Mutation.Options
  ) throws -> Bool {
    let first = try engine.registered()
    let before = first.wrong
    guard before.isEmpty else {
      print("\(saved.label): \(before.count) registered things are wrong before anything was changed")
      return false
    }
    let words = first.words
    let nobodys = try plant(in: saved)
    var random = SplitMix(state: options.seed)
    func pick<Item>(_ items: [Item]) -> Item { items[Int(random.next(below: UInt64(items.count)))] }
    var scores: [String: (unowned: Score, owned: Score)] = [:]
    var (strays, left) = (0, options.pointers)
    while left > 0, !words.isEmpty {
      var changes: [(word: RegisteredVerification.Word, isOwned: Bool)] = []
      var taken: Set<KernelAddress> = []
      for _ in 0..<min(perLook, left) {
        let word = pick(words)
        // What lies near may be of the same thing, seen as another kind.
        guard !taken.contains(where: { $0.rawValue / 512 == word.thing.rawValue / 512 }) else { continue }
        taken.insert(word.thing)
        let isOwned = changes.count.isMultiple(of: 2)
        let new = isOwned ? pick(word.isTable ? tables : functions) : nobodys.start
        changes.append((word, isOwned))
        try saved.memory.write(PointerMutation.bytes(of: new.rawValue), at: word.place)
      }
      left -= changes.count
      let leads = try engine.registered().wrong
      let found = Set(leads.map(\.thing))
      for (word, isOwned) in changes {
        try saved.memory.write(PointerMutation.bytes(of: word.value), at: word.place)
        let one = found.contains(word.thing) ? 1 : 0
        let path: WritableKeyPath<(unowned: Score, owned: Score), Score> = isOwned ? \.owned : \.unowned
        scores[word.kind, default: ((0, 0), (0, 0))][keyPath: path].changes += 1
        scores[word.kind, default: ((0, 0), (0, 0))][keyPath: path].found += one
        if one == 0, !isOwned {
          print("\(saved.label): survived: \(word.kind), \(word.place) of \(word.thing), to unowned memory")
        }
      }
      // What was changed may be others' table.
      let places = Set(changes.map(\.word.place))
      let others = leads.filter {
        !taken.contains($0.thing) && !places.contains($0.place) && !nobodys.contains($0.place)
      }
      strays += others.count
      for other in others.prefix(8) { print("\(saved.label): nobody changed \(other.place) of \(other.thing)") }
    }
    for (kind, score) in scores.sorted(by: { $0.key < $1.key }) { print(line(saved.label, ": \(kind)", score)) }
    let all = scores.values.reduce(into: (unowned: (0, 0), owned: (0, 0)) as (unowned: Score, owned: Score)) {
      $0.unowned = ($0.unowned.found + $1.unowned.found, $0.unowned.changes + $1.unowned.changes)
      $0.owned = ($0.owned.found + $1.owned.found, $0.owned.changes + $1.owned.changes)
    }
    print(line(saved.label, "", all) + "; \(strays) reports of things that nobody changed")
    return all.unowned.found == all.unowned.changes && strays == 0
  }

  private static func line(_ label: String, _ kind: String, _ score: (unowned: Score, owned: Score)) -> String {
    "\(label): registered\(kind): to unowned memory \(score.unowned.found) of \(score.unowned.changes) found; "
      + "to another of the kernel's own \(score.owned.found) of \(score.owned.changes) found"
  }

  /// Writes a page of addresses into the last page of memory that was never written to: as a function nobody owns it, and as a table it
  /// leads to nobody's functions.
  private static func plant(in saved: SavedKernel) throws -> MemoryRegion {
    let page = 4096
    let start = try saved.memory.load(UInt64.self, at: saved.kernel.address(of: "page_offset_base"))
    for physical in stride(from: UInt64(saved.memory.physical.byteCount - page), to: 0, by: -page) {
      let place = KernelAddress(start + physical)
      guard let bytes = try? saved.memory.bytes(at: place, count: page), bytes.allSatisfy({ $0 == 0 }) else { continue }
      let words = (0..<page / 8).flatMap { PointerMutation.bytes(of: place.rawValue + UInt64($0 * 8 | 1)) }
      try saved.memory.write(words, at: place)
      return MemoryRegion(start: place, byteCount: UInt64(page))
    }
    throw SavedKernelError("no page of the snapshot's memory is unused")
  }
}
