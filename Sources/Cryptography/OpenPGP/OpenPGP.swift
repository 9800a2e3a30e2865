/// What of OpenPGP a repository's signatures need: keys and signatures of version 4, and signatures of version 3, which rpm
/// packages still have.
///
/// Source: RFC 9580; of what is deprecated there, RFC 4880.
package enum OpenPGP {
  /// Why bytes are not what they should be.
  package enum Fault: Error, Hashable, Sendable {
    case malformed(String)
  }

  /// Bytes that are taken from front to back; each way of taking gives nil where there are not enough.
  struct Cursor {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8? { rest.popFirst() }

    /// The highest byte first; of 4 bytes at most.
    mutating func number(_ byteCount: Int) -> Int? { take(byteCount)?.reduce(0) { $0 << 8 | Int($1) } }

    mutating func take(_ count: Int) -> [UInt8]? {
      guard 0...rest.count ~= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }

    mutating func takeAll() -> [UInt8] {
      defer { rest = [] }
      return Array(rest)
    }

    /// A number of any length, with no zeros before it: RFC 9580, 3.2.
    mutating func multiprecision() -> [UInt8]? {
      guard let bits = number(2), let bytes = take((bits + 7) / 8) else { return nil }
      // It has one form: so many bits, the highest of them 1.
      return bits == bytes.count * 8 - (bytes.first?.leadingZeroBitCount ?? 0) ? bytes : nil
    }
  }
}

extension OpenPGP.Fault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformed(let problem): problem
    }
  }
}

extension Digest {
  /// The algorithm that OpenPGP names by this number: RFC 9580, 9.5.
  package init?(openPGP number: UInt8) {
    switch number {
    case 1: self = .md5
    case 2: self = .sha1
    case 8: self = .sha256
    case 9: self = .sha384
    case 10: self = .sha512
    default: return nil
    }
  }

  /// Whether nobody makes two inputs of one digest.
  package var isStrong: Bool { self != .md5 && self != .sha1 }
}
