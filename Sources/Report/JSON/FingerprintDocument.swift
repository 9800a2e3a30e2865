internal import KernelModel

/// What of an implant is the same on every host, as JSON says it.
struct FingerprintDocument: Encodable {
  let offsets: [PlainText]
  let functions: [Function]
  let strings: OrNull<Strings>

  struct Function: Encodable {
    let offset: PlainText
    let byteCount: Int
    let digest: PlainText
  }

  struct Strings: Encodable {
    let count: Int
    let digest: PlainText
  }

  init(_ fingerprint: Fingerprint) {
    offsets = fingerprint.offsets.map(Self.inPage)
    functions = fingerprint.functions.map {
      Function(offset: Self.inPage($0.offset), byteCount: $0.byteCount, digest: PlainText($0.digest))
    }
    strings = OrNull(fingerprint.strings.map { Strings(count: $0.count, digest: PlainText($0.digest)) })
  }

  /// `0x040`.
  private static func inPage(_ offset: UInt64) -> PlainText {
    PlainText("0x" + offset.hexadecimalDigits(atLeast: 3))
  }
}
