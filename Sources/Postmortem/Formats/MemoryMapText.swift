internal import KernelModel

/// Where memory is, in the text of `/proc/iomem`: `00001000-0009fbff : System RAM`.
///
/// Only lines of System RAM count, `System RAM (kmem)` among them. Source: kernel/resource.c (`r_show`), Linux v6.12.
enum MemoryMapText {
  /// A text larger than this is none, in bytes.
  static let largest = 1 << 20

  /// The stretches of memory, in the text's order.
  static func decode(_ text: [UInt8]) throws(DumpError) -> [PhysicalRegion] {
    var memory: [PhysicalRegion] = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let line = String(decoding: line, as: UTF8.self)
      guard let colon = line.firstIndex(of: ":"),
        line[line.index(after: colon)...].drop(while: { $0 == " " }).hasPrefix("System RAM")
      else { continue }
      let bounds = line[..<colon].filter { $0 != " " }.split(separator: "-", omittingEmptySubsequences: false)
      guard bounds.count == 2, let first = UInt64(bounds[0], radix: 16), let last = UInt64(bounds[1], radix: 16),
        first <= last, last < Machine.physicalLimit.rawValue
      else { throw .map("the line '\(line)' names no stretch of memory") }
      guard last > 0 else { throw .map("its addresses are zero, as they are to all but root: read it as root") }
      memory.append(PhysicalAddress(first)..<PhysicalAddress(last + 1))
    }
    guard !memory.isEmpty else { throw .map("it has no line of System RAM") }
    return memory
  }
}
