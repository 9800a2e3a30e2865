import Foundation
import KernelFormats
import KernelModel
import Testing

@testable import Cryptography

/// Signatures that openssl made with keys of its own: `openssl cms -sign -binary -noattr -nocerts -outform DER`.
@Suite struct SealVerifierTests {
  private static let content = Array("a module\n".utf8)
  private static let samples = [
    ("Example rsa", rsaCertificate, rsaMessage), ("Example p256", p256Certificate, p256Message),
    ("Example p384", p384Certificate, p384Message),
  ]

  private static func bytes(_ text: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: text))) }

  private static func certificates(_ text: String) throws -> [X509Certificate] { certificates(try bytes(text)) }

  private static func certificates(_ bytes: [UInt8]) -> [X509Certificate] { X509Certificate.all(bytes.span) }

  private static func file(_ message: String, content: [UInt8] = content) throws -> [UInt8] {
    let message = try bytes(message)
    return content + message + [0, 0, 2, 0, 0, 0, 0, 0] + [0, 0, UInt8(message.count >> 8), UInt8(message.count & 255)]
      + Array("~Module signature appended~\n".utf8)
  }

  private static func isValid(_ file: [UInt8], _ key: TrustedKey.Value) throws -> Bool {
    let seal = try #require(ModuleSignature(endOf: file.span)?.seal)
    return file.withUnsafeBytes { SealVerifier.isValid(seal, of: $0, by: key) }
  }

  @Test(arguments: samples) func `a file is signed by the key that signed it, and by no other`(
    _ name: String, _ certificate: String, _ message: String
  ) throws {
    let all = try Self.samples.flatMap { sample in try Self.certificates(sample.1) }
    #expect(all.map(\.name) == Self.samples.map(\.0))
    for certificate in all {
      #expect(try Self.isValid(try Self.file(message), certificate.key) == (certificate.name == name))
    }
  }

  @Test(arguments: samples) func `a changed file, and a changed signature, are signed by nobody`(
    _ name: String, _ certificate: String, _ message: String
  ) throws {
    let key = try #require(try Self.certificates(certificate).first).key
    #expect(try !Self.isValid(try Self.file(message, content: Array("a moduld\n".utf8)), key))
    var file = try Self.file(message)
    // The last byte of the message is one of the signature's.
    file[file.count - 41] ^= 1
    #expect(try !Self.isValid(file, key))
  }

  @Test func `keys that are none verify nothing, and end`() throws {
    let file = try Self.file(Self.rsaMessage)
    let curves = try Self.file(Self.p384Message)
    let keys: [TrustedKey.Value] = [
      .rsa(modulus: [], exponent: []), .rsa(modulus: [UInt8](repeating: 0, count: 256), exponent: [3]),
      .rsa(modulus: [UInt8](repeating: 0xfe, count: 256), exponent: [3]),
      .rsa(modulus: [UInt8](repeating: 0xff, count: 256), exponent: [UInt8](repeating: 0xff, count: 200)),
      .rsa(modulus: [UInt8](repeating: 0xff, count: 1 << 16), exponent: [3]),
      .ellipticCurve(point: []), .ellipticCurve(point: [UInt8](repeating: 4, count: 65)),
      .ellipticCurve(point: [4] + [UInt8](repeating: 0, count: 96)),
    ]
    for key in keys {
      #expect(try !Self.isValid(file, key))
      #expect(try !Self.isValid(curves, key))
    }
  }

  @Test func `several certificates, and bytes that are none`() throws {
    let all = try Self.bytes(Self.rsaCertificate) + Self.bytes(Self.p384Certificate)
    #expect(Self.certificates(all).map(\.name) == ["Example rsa", "Example p384"])
    for count in stride(from: 0, to: all.count, by: 7) {
      // A list that is cut says nothing.
      _ = Self.certificates(Array(all.prefix(count)))
    }
    #expect(Self.certificates([0x30, 0x00]).isEmpty)
  }

  private static let rsaCertificate = """
    MIIDMzCCAhugAwIBAgIUR72yQRFzj9wzOJ6NbiuN2wBqFbgwDQYJKoZIhvcNAQELBQAwKDEQMA4GA1UECgwHRXhhbXBsZTEUMBIGA1UEAwwL\
    RXhhbXBsZSByc2EwIBcNMjYxMTI5MjA0NTQ1WhgPMjEyNjExMDUyMDQ1NDVaMCgxEDAOBgNVBAoMB0V4YW1wbGUxFDASBgNVBAMMC0V4YW1w\
    bGUgcnNhMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmBgFbFNCcmiGywEtD1zqvPdLkaCDBcUUIg7uaMWjystCgSKdwq3HMATv\
    BiGi6CNqw7LNXDixZz4UCXte2k2mjlDBpz1goiOCsrOGcuFTlZd1iPN7iLJSmdWlBglY7GS63U6lhMB9WL/Yz4n5+TeBERzz9t4Uoena+5N2\
    9ximZdTjrxRoQ+Idd1aOaiv5PSa2Utu9t45CnGFFImH5WC4XXMui4ooF3165irobhkVYq6W1aD0L7J7zc3oNVQ0JxAXK3eov3dQRAdIWTxxP\
    22lG1mGUJcFVK+IRbt131X/xVINxPxgGYtzn64El0bdPAwgE9L5PnESfeZTPDMv6uyz33wIDAQABo1MwUTAdBgNVHQ4EFgQUHOfHw5Uc5YNA\
    hRE960VUFOtaJ38wHwYDVR0jBBgwFoAUHOfHw5Uc5YNAhRE960VUFOtaJ38wDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEA\
    VGqj43709jgXrRbB/igXyym3XBFZmqmZhYBBtT0gaumVQb14QKvfUjaY+gqFfivHp663OprZtMOdsDu4GVrZdfKFTEDQcF/7tBmXkGuqC2df\
    uQv5XdK5vuEBrtqb9JyKqLOp50sDiapWbZer+A9ZyLbl3r6L+dCMozSiLm0z1as3XQFvWPdpADVJNy0id5BF1IEDcsW6rQYTh+sQdDQ5NVFC\
    QnIR21vvWLnZ6KfDpjZDcL6Yc+TMRESoQmGZX5SDM4lCZDCJTHUDRTmeJZbw31lzGZ1NCnGEFlWm3PWlVcR1EXj1sAusyCIh7/74ypXQdrJp\
    lQxPhTtSuQ/j9AsxnA==
    """

  private static let rsaMessage = """
    MIIBnwYJKoZIhvcNAQcCoIIBkDCCAYwCAQExDTALBglghkgBZQMEAgMwCwYJKoZIhvcNAQcBMYIBaTCCAWUCAQEwQDAoMRAwDgYDVQQKDAdF\
    eGFtcGxlMRQwEgYDVQQDDAtFeGFtcGxlIHJzYQIUR72yQRFzj9wzOJ6NbiuN2wBqFbgwCwYJYIZIAWUDBAIDMA0GCSqGSIb3DQEBAQUABIIB\
    AHQg7j31p9ZGQSgyQy6XfWuCsQyznpXV1B2kgP9+mUENd5jxoL0b2eXwg+vRs2XdCh1U41vA048etiDVvWQSbS/dvaBlPRIFKWbK2RTxCL7R\
    uxwfFKejoCt/M2ekfgiC7VfdfOi6rvibvzqi0UJn+mdkOvjiKpgoLfvJTt8TYR3vLVOtbryGSJziIvBawohMsU9R+5oOpta1I21uOfEbLMvi\
    vIlteOq/8J7wMut0hdlSymjcpL7naP9v33UxPDMSTm2t/Ow7s97i9ImSTd/BVo4qQuFQlz4qFAiHVrTXISXecSuJrLeMe1iViSj+mREiu7P6\
    MeHrEgOjXjyrnkgVQJQ=
    """

  private static let p256Certificate = """
    MIIBqDCCAU+gAwIBAgIUe69r4xu60HGiZTxpTHc8uTNB3j4wCgYIKoZIzj0EAwIwKTEQMA4GA1UECgwHRXhhbXBsZTEVMBMGA1UEAwwMRXhh\
    bXBsZSBwMjU2MCAXDTI2MTEyOTIwNDU0NloYDzIxMjYxMTA1MjA0NTQ2WjApMRAwDgYDVQQKDAdFeGFtcGxlMRUwEwYDVQQDDAxFeGFtcGxl\
    IHAyNTYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ5PoSWzI+fOjWDU47IM+0xXVNpMINBrqbxGKsbwRhnXHtPy0goPVmIs+S70uaiRKZ+\
    lfdtlBYM0pW19PhcKO05o1MwUTAdBgNVHQ4EFgQUbkzI7YBtbeFDSRiF6fKPy01eGKowHwYDVR0jBBgwFoAUbkzI7YBtbeFDSRiF6fKPy01e\
    GKowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiACYUOD8kO15Tuu8aAjK6rqfBUEQc8qiVAEnWZ7QtdVrAIgWIA5ENlKFPHx\
    VR+62zXgFOIYJ/jQhkYYR4tIu1TrdbI=
    """

  private static let p256Message = """
    MIHdBgkqhkiG9w0BBwKggc8wgcwCAQExDTALBglghkgBZQMEAgEwCwYJKoZIhvcNAQcBMYGqMIGnAgEBMEEwKTEQMA4GA1UECgwHRXhhbXBs\
    ZTEVMBMGA1UEAwwMRXhhbXBsZSBwMjU2AhR7r2vjG7rQcaJlPGlMdzy5M0HePjALBglghkgBZQMEAgEwCgYIKoZIzj0EAwIERjBEAiABXw1R\
    3Mp20f7bXnhhtaxi0sTpR7tHlKl+5eLpU9G8LgIga/AR24+5skZx+LsQtZgrbX58Ce4OzLfbslMWVpBnsMQ=
    """

  private static let p384Certificate = """
    MIIB5jCCAWygAwIBAgIUQubKNitu9MdYP05c3due+vsbenwwCgYIKoZIzj0EAwIwKTEQMA4GA1UECgwHRXhhbXBsZTEVMBMGA1UEAwwMRXhh\
    bXBsZSBwMzg0MCAXDTI2MTEyOTIwNDU0NloYDzIxMjYxMTA1MjA0NTQ2WjApMRAwDgYDVQQKDAdFeGFtcGxlMRUwEwYDVQQDDAxFeGFtcGxl\
    IHAzODQwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAASM+Z9TriaERfaHt8HmRlaaqbwGEenRsOkyJxnsB+OvYGrVkC8UV6/nTuh9hug9NwIEldJ4\
    jQ4BCLun9sU1r9OpfKMXCJb5lXr1XzefLU24uJ4+bFXCD+tq8Jnn4oK2lJajUzBRMB0GA1UdDgQWBBTrHkmdQ2frx+qaj/n/I0Oqxxl04DAf\
    BgNVHSMEGDAWgBTrHkmdQ2frx+qaj/n/I0Oqxxl04DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA2gAMGUCMQCg1JyCB3FeCjD7T5GY\
    SYdOV1XBqJ5Hzm2GExcib/cEOMFO9DbozCz2am8KSKWOi1ICMF1FWRjAWNiD4O7KuE+liujsbavt0P+MKRqJbMVdoYDh64B7WLUecebtvyU0\
    SKwqWQ==
    """

  private static let p384Message = """
    MIH+BgkqhkiG9w0BBwKggfAwge0CAQExDTALBglghkgBZQMEAgEwCwYJKoZIhvcNAQcBMYHLMIHIAgEBMEEwKTEQMA4GA1UECgwHRXhhbXBs\
    ZTEVMBMGA1UEAwwMRXhhbXBsZSBwMzg0AhRC5so2K270x1g/Tlzd2576+xt6fDALBglghkgBZQMEAgEwCgYIKoZIzj0EAwIEZzBlAjByaNHl\
    s3egdb35v04xw7yIMJqGpniGd3WDwhEuAWGITfH+KmiyMtqIoe2QshcpxbMCMQCkENrKGrxW0tEOjNwyGJib7eZbkvzEThpIKlWCYVPr3kH9\
    RQivvoTXouQ34nnGWVA=
    """
}
