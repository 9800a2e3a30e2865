internal import KernelModel

/// Tells a changed place from a kernel that patches itself in a way that is not known here.
///
/// Where most places of one mechanism differ, or many functions in one and the same way, nobody changed thousands of them: this
/// kernel's build follows other rules. That is an honest *unknown*, and what lies outside of those places is judged all the same.
struct ClassFailures {
  /// Mechanisms that fail as a whole, and how.
  private(set) var failed: [Machine.Mechanism: Share] = [:]
  /// Rules that no mechanism known here has, by what they make of an instruction, and what they did.
  private(set) var alike: [AlikeChanges.Form: Share] = [:]
  /// What is not explained by that.
  private(set) var rest: [UnexplainedRun] = []

  /// How much of a mechanism differs.
  struct Share {
    var wrong = 0
    var all = 0
    var example: UnexplainedRun?

    static func + (left: Self, right: Self) -> Self {
      Self(wrong: left.wrong + right.wrong, all: left.all + right.all, example: left.example ?? right.example)
    }
  }

  /// So few differences are never a whole mechanism's.
  static let fewest = 64
  /// Runs that are kept where whole mechanisms may fail: more than a kernel has places of one.
  static let mostRuns = 1 << 17

  /// Judges the kernel's own code.
  ///
  /// - Parameter comparison: of all of it; with ``mostRuns``, so that nothing hides behind what is set aside.
  init(of comparison: TextComparison, in verifier: KernelTextVerifier) {
    guard comparison.runs.count >= Self.fewest else {
      rest = comparison.runs
      return
    }
    let places = verifier.places()
    for (mechanism, share) in Self.shares(of: comparison.runs, places) {
      guard share.wrong >= Self.fewest,
        share.wrong * 4 >= share.all || share.wrong * 2 >= comparison.runs.count && share.all >= 1024
      else { continue }
      failed[mechanism] = share
    }
    rest = Self.rest(of: comparison.runs, without: Set(failed.keys), places)
    setAside(AlikeChanges(verifier.kernel, image: verifier.recreation.image).rules(among: rest))
  }

  /// Sets aside in a module, of which `comparison` is, what fails in the kernel.
  init(of comparison: TextComparison, places: PatchPlaces, as kernel: ClassFailures, _ changes: AlikeChanges) {
    let mechanisms = Set(kernel.failed.keys)
    failed = Self.shares(of: comparison.runs, places).filter { mechanisms.contains($0.key) }
    rest = Self.rest(of: comparison.runs, without: mechanisms, places)
    setAside(changes.runs(among: rest, of: Set(kernel.alike.keys)))
  }

  private init() {}

  /// What failed in none of the objects yet.
  static var none: Self { Self() }

  var isEmpty: Bool { failed.isEmpty && alike.isEmpty }

  /// Adds what failed in another object.
  mutating func add(_ other: Self) {
    failed.merge(other.failed, uniquingKeysWith: +)
    alike.merge(other.alike, uniquingKeysWith: +)
  }

  private mutating func setAside(_ rules: [AlikeChanges.Form: [UnexplainedRun]]) {
    guard !rules.isEmpty else { return }
    let gone = Set(rules.values.joined())
    rest.removeAll(where: gone.contains)
    alike = rules.mapValues { Share(wrong: $0.count, all: $0.count, example: $0.first) }
  }

  /// What is said of each mechanism that fails, and of each rule that is not known.
  func unknown(in kernel: Kernel) -> [CannotCheck] {
    func example(_ share: Share) -> String {
      share.example.map { run in
        let owner = kernel.owner(of: run.address)
        return ", such as \(owner.place?.description ?? run.address.description): \(Self.hex(run.expected)) is "
          + Self.hex(run.observed)
      } ?? ""
    }
    return failed.sorted { $0.key.index < $1.key.index }.map { mechanism, share in
      .implausible(
        mechanism.title,
        "this kernel applies them in a way that liveprobe does not know: \(share.wrong) of \(share.all) sites differ from "
          + "what it makes of them\(example(share))")
    }
      + alike.values.sorted { $0.wrong > $1.wrong }.map { share in
        .implausible(
          "places that all differ alike",
          "this kernel patches itself by a rule that liveprobe does not know: \(share.wrong) places differ in one and the same "
            + "way from what the vendor's image must have become\(example(share))")
      }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.prefix(32).hexadecimal(separator: " ") + (bytes.count > 32 ? " ..." : "")
  }

  /// By mechanism, how many of its places differ.
  private static func shares(of runs: [UnexplainedRun], _ places: PatchPlaces) -> [Machine.Mechanism: Share] {
    var wrong = [Set<UInt64>](repeating: [], count: Machine.Mechanism.allCases.count)
    var examples = [UnexplainedRun?](repeating: nil, count: Machine.Mechanism.allCases.count)
    for run in runs {
      for index in run.observed.indices where run.observed[index] != run.expected[index] {
        places.forEachPlace(around: run.address.rawValue &+ UInt64(index)) { mechanism, address in
          wrong[mechanism.index].insert(address)
          if examples[mechanism.index] == nil { examples[mechanism.index] = run }
        }
      }
    }
    let counts = places.counts()
    var shares: [Machine.Mechanism: Share] = [:]
    for mechanism in Machine.Mechanism.allCases where !wrong[mechanism.index].isEmpty {
      shares[mechanism] = Share(
        wrong: wrong[mechanism.index].count, all: counts[mechanism.index], example: examples[mechanism.index])
    }
    return shares
  }

  /// The bytes of `runs` that lie in no place of `mechanisms`.
  private static func rest(
    of runs: [UnexplainedRun], without mechanisms: Set<Machine.Mechanism>, _ places: PatchPlaces
  ) -> [UnexplainedRun] {
    guard !mechanisms.isEmpty else { return runs }
    return runs.flatMap { run -> [UnexplainedRun] in
      let left = run.observed.indices.filter { index in
        guard run.observed[index] != run.expected[index] else { return false }
        var isSetAside = false
        places.forEachPlace(around: run.address.rawValue &+ UInt64(index)) { mechanism, _ in
          if mechanisms.contains(mechanism) { isSetAside = true }
        }
        return !isSetAside
      }
      guard left.count < run.differing else { return [run] }
      guard let first = left.first, let last = left.last else { return [] }
      return [
        UnexplainedRun(
          address: KernelAddress(run.address.rawValue &+ UInt64(first)), expected: Array(run.expected[first...last]),
          observed: Array(run.observed[first...last]), differing: left.count)
      ]
    }
  }
}
