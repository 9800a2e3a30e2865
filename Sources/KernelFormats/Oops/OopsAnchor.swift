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

  /// Whether a line is of a report, and of no other text: of a processor and its task, of registers, or a trace's heading.
  static func isOfReport(_ line: ArraySlice<UInt8>) -> Bool {
    let scanner = OopsScanner(line)
    if scanner.begins("CPU: ") { return scanner.contains(" PID: ") && scanner.contains(" Comm: ") }
    return scanner.begins("RIP: 0010:") || scanner.begins("pc : ") || scanner.rest.elementsEqual("Call Trace:".utf8)
      || scanner.rest.elementsEqual("Call trace:".utf8)
  }
}
