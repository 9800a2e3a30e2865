import KernelModel
import SavedKernel

/// How many of many small changes to a saved kernel's text the verification finds.
///
/// Changes are made many at a time, each a good way from the next, and undone after each verification: what matters is
/// that each is found, and that nothing else is.
enum Mutation {
  private static let perVerification = 200
  /// Changes that lie closer than this could be taken for one.
  private static let distance: UInt64 = 256

  struct Options {
    var anywhere = 10_000
    var insideSites = 2_000
    var pointers = 10_000
    var seed: UInt64 = 1
  }

  struct Change {
    let mechanism: String
    let address: KernelAddress
    let old: UInt8
    let new: UInt8
  }

  /// The score of one mechanism.
  struct Score {
    var changes = 0
    var found = 0
  }

  /// Mutates one snapshot, and prints the score of each mechanism and every change that was not found.
  ///
  /// - Returns: whether every change was found, and nothing else.
  static func run(snapshot directory: String, options: Options) throws -> Bool {
    let saved = try SavedKernel(directory: directory)
    let engine = try Engine(saved, image: saved.kernel.reference.kernelImage())
    let before = try engine.verify()
    guard before.isEmpty else {
      print("\(saved.label): \(before.count) runs are unexplained before anything was changed")
      return false
    }
    var random = SplitMix(state: options.seed)
    let text = MemoryRegion(
      from: try saved.kernel.address(of: "_text"), to: try saved.kernel.address(of: "_etext"))
    let sites = try engine.sites().filter { text.contains($0.region) }
    let owners = sites.sorted { $0.region.start < $1.region.start }
    func mechanism(at address: KernelAddress) -> String {
      var low = 0
      var high = owners.count
      while low < high {
        let middle = (low + high) / 2
        if owners[middle].region.start <= address { low = middle + 1 } else { high = middle }
      }
      return low > 0 && owners[low - 1].region.contains(address) ? owners[low - 1].mechanism : "no site"
    }
    var places: [KernelAddress] = []
    for _ in 0..<options.anywhere {
      places.append(KernelAddress(text.start.rawValue + random.next(below: text.byteCount)))
    }
    // As many in each mechanism, however few sites it has.
    let groups = Dictionary(grouping: sites, by: \.mechanism).sorted { $0.key < $1.key }
    for (number, group) in groups.enumerated() {
      let share = options.insideSites / groups.count + (number < options.insideSites % groups.count ? 1 : 0)
      for _ in 0..<share {
        let site = group.value[Int(random.next(below: UInt64(group.value.count)))].region
        places.append(KernelAddress(site.start.rawValue + random.next(below: site.byteCount)))
      }
    }

    var scores: [String: Score] = [:]
    var strays = 0
    for batch in batches(places) {
      var changes: [Change] = []
      for address in batch {
        let old = try saved.memory.load(UInt8.self, at: address)
        let new = old ^ UInt8(1 + random.next(below: 255))
        changes.append(Change(mechanism: mechanism(at: address), address: address, old: old, new: new))
        try saved.memory.write([new], at: address)
      }
      let residues = try engine.verify()
      for change in changes {
        try saved.memory.write([change.old], at: change.address)
        scores[change.mechanism, default: Score()].changes += 1
        if residues.contains(where: { $0.contains(change.address) }) {
          scores[change.mechanism, default: Score()].found += 1
        } else {
          print(
            "\(saved.label): survived: \(change.address) (\(change.mechanism)) "
              + "\(String(change.old, radix: 16)) to \(String(change.new, radix: 16))")
        }
      }
      for residue in residues where !changes.contains(where: { residue.contains($0.address) }) {
        strays += 1
        print("\(saved.label): nobody changed \(residue)")
      }
    }
    for (name, score) in scores.sorted(by: { $0.key < $1.key }) {
      print("\(saved.label): \(name): \(score.found) of \(score.changes) found")
    }
    let (changes, found) = scores.values.reduce((0, 0)) { ($0.0 + $1.changes, $0.1 + $1.found) }
    print("\(saved.label): all: \(found) of \(changes) found; \(strays) reports of bytes that nobody changed")
    return found == changes && strays == 0
  }

  /// The places in groups within which no two are close.
  private static func batches(_ places: [KernelAddress]) -> [[KernelAddress]] {
    var batches: [[KernelAddress]] = []
    var waiting = places
    while !waiting.isEmpty {
      var batch: [KernelAddress] = []
      var taken: Set<UInt64> = []
      var later: [KernelAddress] = []
      for address in waiting {
        let block = address.rawValue / distance
        if batch.count < perVerification, taken.isDisjoint(with: [block - 1, block, block + 1]) {
          taken.insert(block)
          batch.append(address)
        } else {
          later.append(address)
        }
      }
      batches.append(batch)
      waiting = later
    }
    return batches
  }
}

/// Random numbers that are the same in each run: splitmix64, by Sebastiano Vigna (public domain).
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func next(below limit: UInt64) -> UInt64 { next() % max(limit, 1) }
}
