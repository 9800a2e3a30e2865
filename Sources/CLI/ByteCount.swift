internal import ArgumentParser

/// A number of bytes as people write it: `4096`, `64K`, `1M`.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
  let bytes: UInt64

  /// More than this is no neighbourhood.
  static let largest: UInt64 = 64 << 20

  init(bytes: UInt64) {
    self.bytes = bytes
  }

  init?(argument: String) {
    guard let bytes = Self.bytes(argument, atMost: Self.largest) else { return nil }
    self.bytes = bytes
  }

  /// The number that people write as `4096`, `64K`, `1M` or `2G`; nil if it is none, or larger.
  static func bytes(_ argument: String, atMost largest: UInt64) -> UInt64? {
    var digits = argument.uppercased()
    var factor: UInt64 = 1
    for (suffix, power) in [("K", 10), ("M", 20), ("G", 30)] where digits.hasSuffix(suffix) { factor = 1 << power }
    if factor > 1 { digits.removeLast() }
    guard let number = UInt64(digits), number <= largest / factor else { return nil }
    return number * factor
  }

  var description: String {
    if bytes > 0, bytes % (1 << 20) == 0 { return "\(bytes >> 20)M" }
    if bytes > 0, bytes % (1 << 10) == 0 { return "\(bytes >> 10)K" }
    return "\(bytes)"
  }
}
