import Cnettle

/// A digest that package managers record, computed by Nettle.
enum Digest: String, CaseIterable {
  case md5, sha1, sha256, sha384, sha512

  /// The algorithm that rpm names by this number.
  ///
  /// Source: RFC 9580, 9.5, which rpm's header uses (tag FILEDIGESTALGO); 1 if the header does not say.
  init?(rpmNumber: UInt32) {
    switch rpmNumber {
    case 1: self = .md5
    case 2: self = .sha1
    case 8: self = .sha256
    case 9: self = .sha384
    case 10: self = .sha512
    default: return nil
    }
  }

  /// Lower-case hexadecimal.
  func of(_ bytes: UnsafeRawBufferPointer) -> String {
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
  final class Running {
    private let hash: nettle_hash
    private let context: UnsafeMutableRawPointer

    init(_ digest: Digest) {
      hash = digest.description
      context = .allocate(byteCount: Int(hash.context_size), alignment: 16)
      hash.`init`(context)
    }

    deinit {
      context.deallocate()
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
      hash.update(context, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    }

    /// Lower-case hexadecimal; after this the digest is one of no bytes again.
    func finish() -> String {
      let digits = Array("0123456789abcdef".utf8)
      return String(decoding: finishedBytes().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    fileprivate func finishedBytes() -> [UInt8] {
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
