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
    var digits = argument.uppercased()
    var factor: UInt64 = 1
    if digits.hasSuffix("K") { factor = 1 << 10 }
    if digits.hasSuffix("M") { factor = 1 << 20 }
    if factor > 1 { digits.removeLast() }
    guard let number = UInt64(digits), number <= Self.largest / factor else { return nil }
    bytes = number * factor
  }

  var description: String {
    if bytes > 0, bytes % (1 << 20) == 0 { return "\(bytes >> 20)M" }
    if bytes > 0, bytes % (1 << 10) == 0 { return "\(bytes >> 10)K" }
    return "\(bytes)"
  }
}
