package import KernelModel

extension Finding.Value {
  /// The value in words, as every format has it that shows words: not escaped yet.
  ///
  /// A line for a person has no room for all bytes; ``ValueDocument`` has them.
  package var words: String { parts.map(\.words).joined() }
}

extension Finding.Value.Part {
  /// Bytes shown of a run at most.
  private static let mostBytes = 32
  /// Bytes shown where only the first of a run matter.
  private static let mostAtStart = 16

  fileprivate var words: String {
    switch self {
    case .text(let text): text
    case .bytes(let bytes):
      bytes.kept.prefix(Self.mostBytes).hexadecimal(separator: " ") + (bytes.count > Self.mostBytes ? " ..." : "")
    case .start(let bytes): bytes.kept.prefix(Self.mostAtStart).hexadecimal(separator: " ")
    case .address(let address, let owner): address.description + (owner.map { ", \($0)" } ?? "")
    case .owner(let owner): owner.description
    case .place(let place): place.description
    case .symbol(let symbol): symbol.name + (symbol.module.map { " [\($0)]" } ?? "") + " at \(symbol.address)"
    case .memory(let memory, .bytes): "\(memory.byteCount) bytes at \(memory.start)"
    case .memory(let memory, .pages): Self.pages(memory.byteCount / Machine.pageSize) + " at \(memory.start)"
    }
  }

  private static func pages(_ count: UInt64) -> String { count == 1 ? "1 page" : "\(count) pages" }
}
