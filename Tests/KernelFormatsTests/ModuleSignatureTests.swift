import KernelFormats
import Testing

@Suite struct ModuleSignatureTests {
  private static func element(_ tag: UInt8, _ contents: [UInt8]...) -> [UInt8] {
    let contents = contents.flatMap { $0 }
    guard contents.count >= 0x80 else { return [tag, UInt8(contents.count)] + contents }
    return [tag, 0x82, UInt8(contents.count >> 8), UInt8(contents.count & 0xff)] + contents
  }

  /// An attribute of a name: 2.5.4.`type`.
  private static func attribute(_ type: UInt8, _ text: String) -> [UInt8] {
    element(0x31, element(0x30, [0x06, 3, 0x55, 0x04, type], element(0x0c, Array(text.utf8))))
  }

  /// A module's file signed as sign-file does it: `SignedData` without certificates, one signer by issuer and serial.
  private static func file(signer: String, type: UInt8 = 2) -> [UInt8] {
    let issuer = element(0x30, attribute(10, "Example Org"), attribute(3, signer))
    let information = element(
      0x30, [0x02, 1, 1], element(0x30, issuer, [0x02, 1, 42]), element(0x30, [0x06, 1, 0x60]),
      element(0x04, [UInt8](repeating: 0xab, count: 256)))
    let data = element(
      0x30, [0x02, 1, 1], element(0x31, []), element(0x30, [0x06, 1, 0x2a]), element(0x31, information))
    let message = element(0x30, [0x06, 1, 0x2a], element(0xa0, data))
    let size = UInt32(message.count)
    return [UInt8](repeating: 0x7f, count: 100) + message + [0, 0, type, 0, 0, 0, 0, 0]
      + (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } + Array("~Module signature appended~\n".utf8)
  }

  @Test func `the signer is the common name of the certificate's issuer`() {
    #expect(
      ModuleSignature(endOf: Self.file(signer: "DKMS module signing key").span)?.signer == "DKMS module signing key")
  }

  @Test func `a file without a signature, and one signed in another way, have no signer`() {
    let unsigned = Array(Self.file(signer: "x").dropLast())
    #expect(ModuleSignature(endOf: unsigned.span) == nil)
    #expect(ModuleSignature(endOf: Self.file(signer: "x", type: 1).span) == nil)
    let empty: [UInt8] = []
    #expect(ModuleSignature(endOf: empty.span) == nil)
  }

  @Test func `whatever byte is damaged, it is decoded or refused`() {
    let file = Self.file(signer: "somebody")
    for index in file.indices {
      for value: UInt8 in [0, 0x7f, 0x80, 0x84, 0xff] {
        var damaged = file
        damaged[index] = value
        let signer = ModuleSignature(endOf: damaged.span)?.signer
        #expect(signer == nil || signer?.utf8.count ?? 0 < 1024)
      }
    }
    for count in file.indices {
      let suffix = Array(file.suffix(count))
      #expect(ModuleSignature(endOf: suffix.span) == nil || count > 200)
    }
  }
}
