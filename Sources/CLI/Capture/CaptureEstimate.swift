internal import KernelModel
internal import Postmortem
internal import Report

/// How large a capture will be, before it is made.
struct CaptureEstimate {
  let pageCount: Int
  let compression: PageCompression

  var uncompressed: UInt64 { UInt64(pageCount) * Machine.pageSize }
  /// What kernel images, tables and stacks shrink to, as measured.
  var likely: ClosedRange<UInt64> {
    switch compression {
    // To 30 % on Debian's 5.10 and 6.1, to 45 % on 6.12 and 7.2.
    case .lzo: uncompressed / 4...uncompressed / 2
    // To 22 % on Debian's 5.10 and 6.1, to 36 % on 7.2.
    case .zlib: uncompressed / 5...uncompressed / 5 * 2
    // Pages of zeros share one: to 66 % on Debian's 5.10, to 92 % on 7.2.
    case .none: uncompressed / 5 * 3...uncompressed
    }
  }
  /// No capture was ever that small.
  var least: UInt64 { likely.lowerBound / 8 * 5 }

  var text: String {
    "liveprobe: \(pageCount) pages, \(Self.mebibytes(uncompressed)) of memory; the file will have "
      + "\(Self.mebibytes(likely.lowerBound)) to \(Self.mebibytes(likely.upperBound))\n"
  }

  /// In MiB, with one decimal.
  static func mebibytes(_ byteCount: UInt64) -> String {
    let tenths = byteCount / (1 << 20) * 10 + ((byteCount % (1 << 20) * 10) >> 20)
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}
