package import KernelFormats

extension KernelLog {
  /// The lines of all records, for what reads text.
  package var lines: [OopsLine] {
    records.flatMap { record in
      record.text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { OopsLine($0) }
    }
  }
}
