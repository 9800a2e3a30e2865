internal import KernelModel

/// What may differ between two scans of a kernel in the same state; everything else in a report may not.
///
/// Reports show it in one place only: JSON under `run`, text in its last line, the monitoring line in its performance
/// data. How often the kernel was looked at comes from the verdict and is shown with it.
package struct Measurements: Hashable, Sendable {
  /// When the scan began, in RFC 3339.
  package var startedAt: String
  package var wallSeconds: Double
  /// Bytes of kernel memory, of `/proc/kcore` or of a dump.
  package var kcoreBytesRead: UInt64
  /// Symbols read from kallsyms.
  package var symbols: Int
  package var peakMemoryBytes: UInt64

  package init(startedAt: String, wallSeconds: Double, kcoreBytesRead: UInt64, symbols: Int, peakMemoryBytes: UInt64) {
    self.startedAt = startedAt
    self.wallSeconds = wallSeconds
    self.kcoreBytesRead = kcoreBytesRead
    self.symbols = symbols
    self.peakMemoryBytes = peakMemoryBytes
  }

  /// Whole milliseconds, at least 0 and at most about 31 years, whatever the clock said.
  var milliseconds: Int {
    wallSeconds.isFinite ? Int((min(max(wallSeconds, 0), 1e9) * 1000).rounded()) : 0
  }

  /// Seconds with two decimals: `0.41`.
  var seconds: PlainText { Self.hundredths((milliseconds + 5) / 10) }

  /// When the scan began; nil if its text says no time.
  var start: UTCTime? { UTCTime(startedAt) }

  /// All of it in one line.
  ///
  /// - Parameter looks: how many times the kernel was acquired.
  func sentence(looks: Int) -> PlainText {
    """
    \(startedAt), \(seconds) s, \(Conclusion.count(looks, "look")), memory \(Self.size(kcoreBytesRead)), \
    \(symbols) symbols, peak memory \(Self.size(peakMemoryBytes))
    """
  }

  /// A number of bytes in units a person reads: `812 bytes`, `1.25 MiB`.
  static func size(_ byteCount: UInt64) -> PlainText {
    switch byteCount {
    case ..<1024: "\(byteCount) bytes"
    case ..<(1 << 20): "\(hundredths(Int((byteCount * 100) >> 10))) KiB"
    default: "\(hundredths(Int(clamping: ((byteCount >> 10) * 25) >> 8))) MiB"
    }
  }

  private static func hundredths(_ value: Int) -> PlainText {
    let cents = value % 100
    return "\(value / 100).\(cents < 10 ? "0" : "")\(cents)"
  }
}
