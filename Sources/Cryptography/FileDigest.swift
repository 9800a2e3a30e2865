package import Files

/// The SHA-256 of a file that may be larger than memory.
package struct FileDigest: Hashable, Sendable {
  /// Lower-case hexadecimal.
  package let sha256: String
  /// Bytes that it is of.
  package let byteCount: UInt64

  package init(of file: OpenedFile) throws(FileFault) {
    let digest = Digest.Running(.sha256)
    var byteCount: UInt64 = 0
    try file.stream { chunk in
      chunk.withUnsafeBytes { digest.update($0) }
      byteCount += UInt64(chunk.count)
      return true
    }
    sha256 = digest.finish()
    self.byteCount = byteCount
  }
}
