import Foundation
import Testing

@testable import Cryptography

private let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures/Signing")

/// Keys and signatures, byte for byte, and which of the odd ones are refused.
@Suite struct Ed25519Tests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let secret: [UInt8]?
    let key: PublicKey
    let message: [UInt8]
    let signature: [UInt8]
    let isValid: Bool

    var testDescription: String { name }
  }

  static let vectors: [Vector] = {
    let text = (try? String(contentsOf: fixtures.appending(path: "ed25519.txt"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: "\t")
      return Vector(
        name: String(fields[0]), secret: fields[1] == "-" ? nil : bytes(fields[1]), key: PublicKey(bytes(fields[2])),
        message: bytes(fields[3]), signature: bytes(fields[4]), isValid: fields[5] == "valid")
    }
  }()

  private static func bytes(_ hexadecimal: Substring) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  @Test func `all vectors are there`() {
    #expect(Self.vectors.count == 23 && Self.vectors.count { $0.secret != nil } == 5)
  }

  @Test(arguments: vectors) func `a signature is what it is said to be`(_ vector: Vector) {
    #expect(vector.key.isValid(vector.signature, for: vector.message) == vector.isValid)
  }

  @Test(arguments: vectors.filter { $0.secret != nil })
  func `a private key signs as the standard says`(_ vector: Vector) throws {
    let key = try PrivateKey(pem: KeyFile.privateKey.encode(try #require(vector.secret)))
    #expect(key.publicKey.bytes == vector.key.bytes)
    #expect(key.sign(vector.message) == vector.signature)
    for position in vector.signature.indices {
      var changed = vector.signature
      changed[position] ^= 1 << UInt8(position % 8)
      #expect(!key.publicKey.isValid(changed, for: vector.message), "byte \(position)")
    }
  }

  @Test func `a signature of another length is refused`() throws {
    let key = PrivateKey()
    let signature = key.sign([1, 2, 3])
    #expect(key.publicKey.isValid(signature, for: [1, 2, 3]))
    for count in 0..<signature.count { #expect(!key.publicKey.isValid(Array(signature[..<count]), for: [1, 2, 3])) }
    #expect(!key.publicKey.isValid(signature + [0], for: [1, 2, 3]))
  }

  @Test func `random bytes are no signature, and stop nothing`() {
    let key = PrivateKey().publicKey
    for _ in 0..<500 {
      let noise = (0..<96).map { _ in UInt8.random(in: 0...255) }
      #expect(!key.isValid(Array(noise[..<64]), for: [1]))
      #expect(!PublicKey(Array(noise[64...])).isValid(Array(noise[..<64]), for: [1]))
    }
  }

  @Test func `each new key is another`() {
    #expect(Set((0..<100).map { _ in PrivateKey().pem }).count == 100)
  }
}
