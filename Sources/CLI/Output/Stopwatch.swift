internal import Glibc
internal import KernelModel

/// Time passed since it was made, by a clock that nobody sets.
struct Stopwatch {
  private let start = Stopwatch.now()

  var seconds: Double { Self.now() - start }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The most memory this process has had, in bytes.
  static func peakMemory() -> UInt64 {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return UInt64(max(usage.ru_maxrss, 0)) * 1024
  }
}

extension UTCTime {
  /// The time by this host's clock; nil if that is set to a year that cannot be written.
  static func now() -> UTCTime? { UTCTime(secondsSince1970: time(nil)) }
}
