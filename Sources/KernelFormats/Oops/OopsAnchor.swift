/// Words of a report that stand at the start of a line: what is before them is of others.
enum OopsAnchor {
  private static let words: [StaticString] = [
    "CPU: ", "RIP: 00", "Call Trace:", "Call trace:", "Modules linked in:", "Hardware name: ", "Workqueue: ", "<TASK>",
    "EIP: ", "NIP [",
    "pc : ", "epc : ", "Krnl PSW : ", "RSP: 00", "---[ end trace ",
  ]
  /// Bytes that stand before them, at most.
  private static let reach = 120

  /// How many bytes stand before such words; nil if there are none, or nothing is before them.
  static func offset(in line: ArraySlice<UInt8>) -> Int? {
    for words in words {
      let head = line.prefix(reach + words.utf8CodeUnitCount)
      if let offset = OopsScanner(head).offset(of: words), offset > 0 { return offset }
    }
    return nil
  }
}
