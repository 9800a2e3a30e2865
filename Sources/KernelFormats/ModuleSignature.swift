/// The signature at the end of a module's file: who made it.
///
/// Whether it is right is not decided here: the kernel decided that when it loaded the module, and the module's taints
/// tell. Source: `struct module_signature`, include/linux/module_signature.h, and scripts/sign-file.c (Linux v5.10 to
/// v7.2): a PKCS#7 message, a structure of 12 bytes, and a line of text.
package struct ModuleSignature: Hashable, Sendable {
  /// The common name of the certificate's issuer, as `modinfo` shows it under `signer`.
  package let signer: String

  private static let marker = Array("~Module signature appended~\n".utf8)
  private static let structureByteCount = 12
  /// `PKEY_ID_PKCS7`.
  private static let pkcs7: UInt8 = 2
  /// A larger message is no module's signature, in bytes.
  private static let mostBytes = 1 << 20
  /// The object identifier 2.5.4.3, commonName.
  private static let commonName: [UInt8] = [0x55, 0x04, 0x03]

  /// The signature of the module whose file is `file`; nil if it has none, or one that is not understood.
  package init?(endOf file: Span<UInt8>) {
    let end = file.count - Self.marker.count
    guard end >= Self.structureByteCount, Self.bytes(file, end..<file.count) == Self.marker else { return nil }
    let structure = end - Self.structureByteCount
    guard file[structure + 2] == Self.pkcs7 else { return nil }
    let byteCount = (8..<12).reduce(0) { $0 << 8 | Int(file[structure + $1]) }
    guard byteCount <= Self.mostBytes, byteCount <= structure,
      let signer = Self.signer(file, in: structure - byteCount..<structure)
    else { return nil }
    self.signer = signer
  }

  /// The issuer's common name in the first `SignerInfo` of a `SignedData`.
  ///
  /// Source: RFC 5652, sections 3, 5.1 and 5.3.
  private static func signer(_ file: Span<UInt8>, in message: Range<Int>) -> String? {
    guard let content = DERElement(file, at: message.lowerBound, end: message.upperBound),
      content.tag == DERElement.sequence,
      let typed = DERElement.all(file, in: content.contents), typed.count == 2,
      typed[1].tag == DERElement.firstTagged,
      let data = DERElement.all(file, in: typed[1].contents)?.first, data.tag == DERElement.sequence,
      let signers = DERElement.all(file, in: data.contents)?.last, signers.tag == DERElement.set,
      let information = DERElement.all(file, in: signers.contents)?.first,
      let parts = DERElement.all(file, in: information.contents), parts.count > 1,
      parts[1].tag == DERElement.sequence,
      let issuer = DERElement.all(file, in: parts[1].contents)?.first
    else { return nil }
    return commonName(file, in: issuer.contents)
  }

  /// The common name in a `Name`: sets of an attribute's type and its value.
  ///
  /// Source: RFC 5280, section 4.1.2.4.
  private static func commonName(_ file: Span<UInt8>, in name: Range<Int>) -> String? {
    for set in DERElement.all(file, in: name) ?? [] {
      for attribute in DERElement.all(file, in: set.contents) ?? [] {
        guard let pair = DERElement.all(file, in: attribute.contents), pair.count == 2,
          pair[0].tag == DERElement.objectIdentifier, bytes(file, pair[0].contents) == commonName
        else { continue }
        return String(decoding: bytes(file, pair[1].contents), as: UTF8.self)
      }
    }
    return nil
  }

  private static func bytes(_ file: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    file.copy(at: range.lowerBound, byteCount: range.count) ?? []
  }
}
