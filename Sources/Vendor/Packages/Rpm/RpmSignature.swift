import Cryptography
import KernelModel

/// What of an rpm package is signed: its own header, which has the digests of all else.
///
/// Source: rpm's docs/manual/format.md and docs/manual/signatures_digests.md (4.18). Signatures of header and files together, and
/// digests by MD5 and SHA-1, which older packages have besides, are not looked at.
struct RpmSignature {
  /// With its magic: what the signatures are of.
  let header: [UInt8]
  /// OpenPGP signatures, one behind another; empty if the package has none.
  let packets: [UInt8]
  private let payload: Range<Int>

  init(_ package: any ByteSource) throws(VendorFileError) {
    let ranges = try PackageLayout.rpmHeaders(package)
    header = PackageLayout.rpmHeaderMagic + [0, 0, 0, 0] + (try package.bytes(ranges.own))
    payload = min(ranges.own.upperBound, package.byteCount)..<package.byteCount
    let signatures = try package.bytes(ranges.signatures)
    packets = try Self.parse(signatures) { header in
      let texts = header.texts(.openPGPSignatures).compactMap { Base64.decode($0.filter { !$0.isWhitespace }) }
      let plain = header.bytes(.rsaSignature) + header.bytes(.otherSignature)
      return texts.isEmpty ? plain : Array(texts.joined())
    }
  }

  private static func parse<Value>(_ bytes: [UInt8], _ body: (RpmHeader) -> Value) throws(VendorFileError) -> Value {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(VendorFileError) in body(try RpmHeader(raw)) }
    }.get()
  }

  /// - Parameter isNeeded: whether the header must have a digest of what follows.
  /// - Throws: if what follows is something else.
  func requirePayload(of package: any ByteSource, isNeeded: Bool) throws(VendorFileError) {
    let (digests, algorithm) = try Self.parse(Array(header.dropFirst(8))) { header in
      (header.texts(.payloadDigests), header.algorithm(.payloadDigestAlgorithm))
    }
    guard let digest = digests.first, let algorithm, algorithm.isStrong else {
      guard isNeeded else { return }
      throw .unsigned("its header has no SHA-256 of its files, as rpm writes it since 4.14")
    }
    let running = Digest.Running(algorithm)
    try running.update(package, payload)
    let found = running.finish()
    guard found == digest else {
      throw .wrongSignature("its files have \(algorithm.rawValue) \(found), and its header says \(digest)")
    }
  }

  /// The digests of files by their paths, of a header that was kept.
  static func fileDigests(ofHeader header: [UInt8]) throws(VendorFileError) -> [String: String] {
    try parse(Array(header.dropFirst(8))) { header in
      header.digestAlgorithm == .sha256 ? header.fileDigests { _ in true } : [:]
    }
  }
}
