internal import KernelModel
internal import Report

/// How large a capture will be, before it is made.
struct CaptureEstimate {
  let pageCount: Int

  var uncompressed: UInt64 { UInt64(pageCount) * Machine.pageSize }
  /// Kernel images, tables and stacks shrink to this: to 22 % on Debian's 5.10 and 6.1, to 36 % on 7.2, as measured.
  var likely: ClosedRange<UInt64> { uncompressed / 5...uncompressed / 5 * 2 }
  /// No capture was ever that small.
  var least: UInt64 { uncompressed / 8 }

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
