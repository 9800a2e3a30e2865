/// What of an implant is the same on every host that has it, wherever the kernel put it.
///
/// Addresses differ from boot to boot; within a page, memory of modules does not move, and neither does what the code says
/// once every address in it is taken out. Two builds of one source are two fingerprints.
package struct Fingerprint: Hashable, Sendable {
  /// Where findings lead to, within the page: bytes past its start, each once, lowest first.
  package var offsets: [UInt64] = []
  /// The code that findings lead to, as the offsets are ordered; none where they lead to no code.
  package var functions: [Function] = []
  /// The names and messages in it; nil if none can be told from a neighbour's.
  package var strings: Strings?

  package init() {}

  /// The code of one function, from where a finding leads to its end.
  package struct Function: Hashable, Sendable {
    /// Within the page, in bytes.
    package var offset: UInt64
    package var byteCount: Int
    /// Of the code without addresses: 16 hexadecimal digits.
    package var digest: String

    package init(offset: UInt64, byteCount: Int, digest: String) {
      self.offset = offset
      self.byteCount = byteCount
      self.digest = digest
    }
  }

  /// A set of texts.
  package struct Strings: Hashable, Sendable {
    package var count: Int
    /// Of the texts in their order, each once: 16 hexadecimal digits.
    package var digest: String

    package init(count: Int, digest: String) {
      self.count = count
      self.digest = digest
    }
  }
}
