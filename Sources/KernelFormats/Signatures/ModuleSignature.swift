/// The signature at the end of a module's file: who made it, and of what.
///
/// Whether it is right is not decided here. Source: `struct module_signature`, include/linux/module_signature.h, and
/// scripts/sign-file.c (Linux v5.10 to v7.2): a PKCS#7 message, a structure of 12 bytes, and a line of text.
package struct ModuleSignature: Hashable, Sendable {
  /// The common name of the certificate's issuer, as `modinfo` shows it under `signer`.
  package let signer: String
  /// What is to be verified; nil if it is of a kind that is not known here.
  package let seal: Seal?

  /// A digest of the file's beginning, signed.
  package struct Seal: Hashable, Sendable {
    /// Bytes of the file that are signed: all before the message.
    package let contentByteCount: Int
    package let digest: Digest
    /// The signature itself.
    package let value: [UInt8]
  }

  package enum Digest: String, Hashable, Sendable, CaseIterable {
    case sha256, sha384, sha512

    /// 2.16.840.1.101.3.4.2.1 to 3: RFC 5754, section 2.
    package var objectIdentifier: [UInt8] { [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number] }

    private var number: UInt8 {
      switch self {
      case .sha256: 1
      case .sha384: 2
      case .sha512: 3
      }
    }
  }

  private static let marker = Array("~Module signature appended~\n".utf8)
  private static let structureByteCount = 12
  /// `PKEY_ID_PKCS7`.
  private static let pkcs7: UInt8 = 2
  /// A larger message is no module's signature, in bytes.
  private static let mostBytes = 1 << 20

  /// The signature of the module whose file is `file`; nil if it has none, or one that is not understood.
  package init?(endOf file: Span<UInt8>) {
    let end = file.count - Self.marker.count
    guard end >= Self.structureByteCount, file.copied(end..<file.count) == Self.marker else { return nil }
    let structure = end - Self.structureByteCount
    guard file[structure + 2] == Self.pkcs7 else { return nil }
    let byteCount = (8..<12).reduce(0) { $0 << 8 | Int(file[structure + $1]) }
    guard byteCount <= Self.mostBytes, byteCount <= structure,
      let parts = Self.signerInformation(file, in: structure - byteCount..<structure),
      let issuer = DERElement.all(file, in: parts[1].contents)?.first,
      let signer = X509Certificate.commonName(file, in: issuer.contents)
    else { return nil }
    self.signer = signer
    seal = Self.seal(file, parts, contentByteCount: structure - byteCount)
  }

  /// The parts of the first `SignerInfo` of a `SignedData`.
  ///
  /// Source: RFC 5652, sections 3, 5.1 and 5.3.
  private static func signerInformation(_ file: Span<UInt8>, in message: Range<Int>) -> [DERElement]? {
    guard let content = DERElement(file, at: message.lowerBound, end: message.upperBound),
      content.tag == DERElement.sequence,
      let typed = DERElement.all(file, in: content.contents), typed.count == 2,
      typed[1].tag == DERElement.firstTagged,
      let data = DERElement.all(file, in: typed[1].contents)?.first, data.tag == DERElement.sequence,
      let signers = DERElement.all(file, in: data.contents)?.last, signers.tag == DERElement.set,
      let information = DERElement.all(file, in: signers.contents)?.first,
      let parts = DERElement.all(file, in: information.contents), parts.count > 1,
      parts[1].tag == DERElement.sequence
    else { return nil }
    return parts
  }

  /// The kernel takes no module whose signature covers attributes, which would stand in the fourth place: pkcs7_verify() in
  /// crypto/asymmetric_keys/pkcs7_verify.c (Linux v6.12, VERIFYING_MODULE_SIGNATURE).
  private static func seal(_ file: Span<UInt8>, _ parts: [DERElement], contentByteCount: Int) -> Seal? {
    guard parts.count >= 5, parts[2].tag == DERElement.sequence, parts[3].tag == DERElement.sequence,
      parts[4].tag == DERElement.octetString,
      let name = DERElement.all(file, in: parts[2].contents)?.first, name.tag == DERElement.objectIdentifier,
      let digest = Digest.allCases.first(where: { $0.objectIdentifier == file.copied(name.contents) })
    else { return nil }
    return Seal(contentByteCount: contentByteCount, digest: digest, value: file.copied(parts[4].contents))
  }
}
