internal import KernelModel

/// Tells a changed place from a kernel that patches itself in a way that is not known here.
///
/// Where most sites of one mechanism differ, nobody changed thousands of places: this kernel's build follows other
/// rules. That is an honest *unknown*, and what lies outside of those sites is judged all the same.
struct ClassFailures {
  /// One for each mechanism that fails as a whole.
  private(set) var unknown: [CannotCheck] = []
  /// What is not explained by that.
  private(set) var rest: [UnexplainedRun] = []

  /// So few differences are never a whole mechanism's.
  private static let fewest = 64

  init(of comparison: TextComparison, in verifier: KernelTextVerifier) {
    guard comparison.runs.count >= Self.fewest else {
      rest = comparison.runs
      return
    }
    let sites = verifier.sites()
    var wrong = [Int](repeating: 0, count: Mechanism.allCases.count)
    var mechanisms: [Mechanism?] = []
    for run in comparison.runs {
      let site = Self.site(around: run.address.rawValue, in: sites)
      if let site { wrong[site.index] += 1 }
      mechanisms.append(site)
    }
    var failed: Set<Mechanism> = []
    for mechanism in Mechanism.allCases {
      let all = verifier.recreation.tally(of: mechanism).sites
      // Runs are kept up to a limit, so a quarter of the sites, or most of what was kept, is a whole mechanism.
      guard wrong[mechanism.index] >= Self.fewest,
        wrong[mechanism.index] * 4 >= all || wrong[mechanism.index] * 2 >= comparison.runs.count && all >= 1024
      else { continue }
      failed.insert(mechanism)
      unknown.append(
        .implausible(
          mechanism.title,
          "this kernel applies them in a way that liveprobe does not know: \(wrong[mechanism.index]) of \(all) sites "
            + "differ from what it makes of them"))
    }
    rest = zip(comparison.runs, mechanisms).filter { _, mechanism in mechanism.map { !failed.contains($0) } ?? true }
      .map(\.0)
  }

  private static func site(around address: UInt64, in sites: [SiteRecord]) -> Mechanism? {
    var low = 0
    var high = sites.count
    while low < high {
      let middle = (low + high) / 2
      if sites[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let site = sites[low - 1]
    return address &- site.address < UInt64(site.byteCount) ? site.mechanism : nil
  }
}

/// Where a mechanism wrote, and how much.
struct SiteRecord {
  var address: UInt64
  var byteCount: UInt16
  var mechanism: Mechanism
}
