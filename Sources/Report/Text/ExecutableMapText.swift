internal import KernelModel

extension ExecutableMap {
  /// Bytes of all rows.
  var byteCount: UInt64 { rows.reduce(0) { $0 &+ $1.region.byteCount } }

  /// How much there is.
  var extent: PlainText { "\(Measurements.size(byteCount)) in \(Conclusion.count(rows.count, "run")) of pages" }

  /// Why a page without an owner may have one; nil if the kernel's structures could be asked.
  var doubt: PlainText? {
    unknown.map { "who owns it is not known: \(sentence: $0.description)" }
  }

  /// One kind of owner, and how much memory is its.
  struct Kind: Hashable {
    /// As ``Row/kind``; nil for nobody.
    var id: String?
    var byteCount: UInt64

    var isOwned: Bool { id != nil }
    var name: PlainText { id.map { PlainText($0) } ?? Row.nobody }
  }

  /// All kinds there are, the largest first.
  var kinds: [Kind] {
    var sizes: [String?: UInt64] = [:]
    for row in rows { sizes[row.kind, default: 0] &+= row.region.byteCount }
    return sizes.map { Kind(id: $0.key, byteCount: $0.value) }
      .sorted { ($1.byteCount, $0.name.description) < ($0.byteCount, $1.name.description) }
  }
}

extension ExecutableMap.Row {
  static let nobody: PlainText = "nobody"

  var permissions: PlainText { isWritable ? "rwx" : "r-x" }

  /// Whether it should not be as it is: nobody owns it, or it may be written.
  var standsOut: Bool { kind == nil || isWritable }

  var owner: PlainText {
    guard let kind else { return Self.nobody }
    return kind == name ? PlainText(kind) : "\(kind) \(name)"
  }
}
