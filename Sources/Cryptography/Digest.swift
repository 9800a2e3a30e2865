import Cnettle
import KernelModel

/// A digest that package managers and signatures rest on, computed by Nettle.
package enum Digest: String, CaseIterable {
  case md5, sha1, sha256, sha384, sha512

  /// Lower-case hexadecimal.
  package func of(_ bytes: UnsafeRawBufferPointer) -> String {
    let running = Running(self)
    running.update(bytes)
    return running.finish()
  }

  func bytes(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let running = Running(self)
    running.update(bytes)
    return running.finishedBytes()
  }

  /// The digest of bytes that come one after another.
  package final class Running {
    private let hash: nettle_hash
    private let context: UnsafeMutableRawPointer

    package init(_ digest: Digest) {
      hash = digest.description
      context = .allocate(byteCount: Int(hash.context_size), alignment: 16)
      hash.`init`(context)
    }

    deinit {
      context.deallocate()
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
      hash.update(context, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    }

    /// Lower-case hexadecimal; after this the digest is one of no bytes again.
    package func finish() -> String { finishedBytes().hexadecimal() }

    func finishedBytes() -> [UInt8] {
      var digest = [UInt8](repeating: 0, count: Int(hash.digest_size))
      hash.digest(context, digest.count, &digest)
      return digest
    }
  }

  private var description: nettle_hash {
    switch self {
    case .md5: nettle_md5
    case .sha1: nettle_sha1
    case .sha256: nettle_sha256
    case .sha384: nettle_sha384
    case .sha512: nettle_sha512
    }
  }
}
