extension Finding {
  /// Bytes of memory: the first of them, and how many there are.
  package struct Bytes: Hashable, Sendable {
    /// More are not kept: a table or a function that was overwritten from end to end is shorter.
    package static let most = 4096

    package let kept: [UInt8]
    /// Of all, those that are not kept included.
    package let count: Int

    /// - Parameter count: how many there are, where `bytes` are only the first.
    package init(_ bytes: some Collection<UInt8>, of count: Int? = nil) {
      kept = Array(bytes.prefix(Self.most))
      self.count = max(count ?? 0, bytes.count)
    }
  }
}
