import Checks
import KernelModel
import SavedKernel

/// How many of many redirections of pointers to code are found.
///
/// Half of them lead to memory that nobody owns, half to another function of the kernel's own, or, where a table was pointed to,
/// to another constant table.
enum PointerMutation {
  private static let perCensus = 500
  /// Of other functions, so many must be found.
  private static let leastShare = 0.985

  private struct Score {
    var changes = 0
    var found = 0
  }

  private struct Change {
    var place: KernelAddress
    var kind: PointerVerification.Kind
    var isOwned: Bool
    var old: UInt64
    var new: UInt64
  }

  /// - Returns: whether all that lead to unowned memory were found, nearly all that lead to other functions, and nothing else.
  static func run(snapshot directory: String, options: Mutation.Options) throws -> Bool {
    let saved = try SavedKernel(directory: directory)
    let engine = try Engine(saved, image: saved.kernel.reference.kernelImage())
    var first = try engine.pointers()
    let before = first.unexplained()
    guard before.isEmpty else {
      print("\(saved.label): \(before.count) pointers are unexplained before anything was changed")
      return false
    }
    var random = SplitMix(state: options.seed)
    let text = MemoryRegion(
      from: try saved.kernel.address(of: "_text"), to: try saved.kernel.address(of: "_etext"))
    let functions = Set(saved.kernel.symbols.symbols(in: text, limit: .max).map(\.address))
      .filter(saved.kernel.symbols.startsFunction).sorted()
    let (pointers, tables) = (first.pointers, first.tables)
    func pick<Item>(_ items: [Item]) -> Item { items[Int(random.next(below: UInt64(items.count)))] }

    var scores: [String: Score] = [:]
    var (strays, left) = (0, options.pointers)
    while left > 0 {
      var changes: [Change] = []
      var taken: Set<KernelAddress> = []
      while changes.count < min(Self.perCensus, left) {
        let (place, kind) = pick(pointers)
        guard taken.insert(place).inserted else { continue }
        let isOwned = (options.pointers - left + changes.count).isMultiple(of: 2)
        let old = try saved.memory.load(UInt64.self, at: place)
        let new =
          isOwned
          ? pick(kind == .table ? tables : functions).rawValue
          : 0xffff_c900_0000_0000 + random.next(below: 1 << 40) & ~0xf
        guard new != old else { continue }
        changes.append(Change(place: place, kind: kind, isOwned: isOwned, old: old, new: new))
        try saved.memory.write(bytes(of: new), at: place)
      }
      left -= changes.count
      var census = try engine.pointers()
      var found = census.unexplained()
      // Their keys hold what the code must follow.
      if changes.contains(where: { $0.kind == .key && !found.contains($0.place) }) {
        let wrong = try engine.verify()
        for change in changes where change.kind == .key {
          if let trampoline = trampoline(ofKeyAt: change.place, saved.kernel),
            wrong.contains(where: { $0.overlaps(MemoryRegion(start: trampoline, byteCount: 5)) })
          {
            found.insert(change.place)
          }
        }
      }
      for change in changes {
        try saved.memory.write(bytes(of: change.old), at: change.place)
        let name = "\(change.kind.rawValue), to \(change.isOwned ? "another of the kernel's own" : "unowned memory")"
        scores[name, default: Score()].changes += 1
        if found.remove(change.place) != nil {
          scores[name, default: Score()].found += 1
        } else {
          print(
            "\(saved.label): survived: \(words(change.place, saved.kernel)) (\(change.kind.rawValue)): "
              + "\(words(KernelAddress(change.old), saved.kernel)) to \(words(KernelAddress(change.new), saved.kernel)): "
              + (census.excuse(at: change.place) ?? "not seen")
          )
        }
      }
      strays += found.count
      for place in found { print("\(saved.label): nobody changed \(words(place, saved.kernel))") }
    }
    for (name, score) in scores.sorted(by: { $0.key < $1.key }) {
      print("\(saved.label): pointers to \(name): \(score.found) of \(score.changes) found")
    }
    func sum(_ ending: String, where isCounted: (String) -> Bool = { _ in true }) -> Score {
      scores.filter { $0.key.hasSuffix(ending) && isCounted($0.key) }.values.reduce(into: Score()) {
        $0.changes += $1.changes
        $0.found += $1.found
      }
    }
    let unowned = sum("unowned memory")
    let other = sum("kernel's own") { !$0.hasPrefix(PointerVerification.Kind.table.rawValue) }
    print(
      "\(saved.label): pointers: to unowned memory \(unowned.found) of \(unowned.changes) found; to another function "
        + "\(other.found) of \(other.changes) found; \(strays) reports of pointers that nobody changed")
    let isRegisteredFound = try RegisteredMutation.run(
      saved, engine, functions: functions, tables: tables, options: options)
    return unowned.found == unowned.changes && strays == 0
      && Double(other.found) >= leastShare * Double(other.changes) && isRegisteredFound
  }

  private static func trampoline(ofKeyAt place: KernelAddress, _ kernel: Kernel) -> KernelAddress? {
    guard let key = kernel.symbols.symbols(at: place).first(where: { $0.name.hasPrefix("__SCK__") }) else { return nil }
    return kernel.symbols.symbols(named: "__SCT__\(key.name.dropFirst("__SCK__".count))").first?.address
  }

  private static func words(_ address: KernelAddress, _ kernel: Kernel) -> String {
    kernel.owner(of: address).place?.description ?? address.description
  }

  static func bytes(of word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
}
