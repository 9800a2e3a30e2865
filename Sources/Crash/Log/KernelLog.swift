package import KernelFormats
package import KernelModel
package import KernelObjects

/// The kernel's log as it lies in memory, what no console or log daemon ever got to print included.
///
/// Layout: kernel/printk/printk_ringbuffer.h and .c (Linux v5.10 to v7.2): a ring of descriptors and, beside it, of what is
/// known of each record, and a ring of texts. The members' offsets are the kernel's own.
package struct KernelLog: Sendable {
  /// In the order of their sequence numbers.
  package private(set) var records: [LogRecord] = []
  /// How many descriptors contradict themselves: what they say is not shown.
  package private(set) var senselessCount = 0
  /// How many descriptors or texts cannot be read; counted up to 4096, where reading ends.
  package private(set) var unreadableCount = 0
  /// How many records have lost their text, or never got room for one.
  package private(set) var lostCount = 0

  private static let mostUnreadable = 4096

  /// - Throws: if there is no log, or its ring as a whole cannot be read.
  package init(_ reader: Snapshot) throws(CannotCheck) {
    guard let ring = try reader.value(UInt64.self, of: "prb") else { throw .symbolMissing("prb") }
    let descriptors = try LogDescriptors(reader, ring: ring)
    let texts = try LogTexts(reader, ring: ring)
    for id in descriptors.ids where unreadableCount < Self.mostUnreadable {
      switch descriptors.descriptor(id) {
      case .free: continue
      case .senseless: senselessCount += 1
      case .unreadable: unreadableCount += 1
      case .used(var record, let textByteCount, let block):
        switch texts.text(block, of: id, byteCount: textByteCount) {
        case .found(let text):
          record.text = text
          records.append(record)
        case .lost: lostCount += 1
        case .senseless: senselessCount += 1
        case .unreadable: unreadableCount += 1
        }
      }
    }
    records.sort { $0.sequence < $1.sequence }
    // Two descriptors of one number: one of them is not what it says, and nothing tells which.
    let numbers = Dictionary(records.map { ($0.sequence, 1) }, uniquingKeysWith: +)
    let unique = records.filter { numbers[$0.sequence] == 1 }
    senselessCount += records.count - unique.count
    records = unique
  }
}

extension KernelLog {
  /// The lines of all records, for what reads text.
  package var lines: [OopsLine] {
    records.flatMap { record in
      record.text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
        OopsLine($0, caller: record.caller.asPrinted, seconds: Double(record.timestamp) / 1_000_000_000)
      }
    }
  }
}

extension LogRecord.Caller {
  /// As a console prints it, for what reads text.
  fileprivate var asPrinted: OopsCaller {
    switch self {
    case .task(let pid): .task(pid: pid)
    case .processor(let number): .processor(number)
    }
  }
}
