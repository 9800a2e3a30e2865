internal import KernelModel

/// What tells reports apart: the host, the time, and a digest of all that is taken from them.
///
/// Collectors hand a report on more than once. Two that differ in nothing that counts are one.
struct ReportIdentity: Hashable, Sendable {
  /// Half of 128 bits: of ten million reports two have the same ones by chance once in 10^24 times.
  ///
  /// Nobody can aim at it, because each run of the program mixes otherwise.
  private let first: Int
  private let second: Int

  init(_ host: String, _ time: UTCTime?, _ contents: some Hashable) {
    func half(_ number: Int) -> Int {
      var hasher = Hasher()
      hasher.combine(number)
      hasher.combine(host)
      hasher.combine(time)
      hasher.combine(contents)
      return hasher.finalize()
    }
    first = half(0)
    second = half(1)
  }
}
