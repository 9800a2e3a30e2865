internal import TestKernel

/// Flattened files, as `makedumpfile -F` writes them.
package enum SampleFlattened {
  /// `file` cut into records of `recordByteCount`, the later ones first; zeros get no record.
  package static func flatten(_ file: [UInt8], recordByteCount: Int) -> [UInt8] {
    var records: [[UInt8]] = []
    for start in stride(from: 0, to: file.count, by: recordByteCount) {
      let part = Array(file[start..<min(start + recordByteCount, file.count)])
      if part.contains(where: { $0 != 0 }) || start + part.count == file.count { records.append(record(start, part)) }
    }
    return header + records.reversed().joined() + end
  }

  /// The header, which is as large as a page.
  package static var header: [UInt8] {
    let start = Array("makedumpfile".utf8) + [0, 0, 0, 0] + big(1) + big(1)
    return start + [UInt8](repeating: 0, count: 4096 - start.count)
  }

  package static func record(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
    big(UInt64(offset)) + big(UInt64(bytes.count)) + bytes
  }

  /// The mark that ends such a file.
  package static var end: [UInt8] { big(.max) + big(.max) }

  private static func big(_ value: UInt64) -> [UInt8] {
    little(value).reversed()
  }
}
