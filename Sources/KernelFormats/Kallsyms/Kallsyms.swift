package import KernelModel

/// What the text of `/proc/kallsyms` said.
package struct Kallsyms: Sendable {
  /// One line that could not be decoded.
  package struct MalformedLine: Hashable, Sendable {
    /// Counted from 1.
    package var number: Int
    /// How the line begins; hostile text, to be escaped before it is shown.
    package var bytes: [UInt8]

    package init(number: Int, bytes: [UInt8]) {
      self.number = number
      self.bytes = bytes
    }
  }

  package var symbols: SymbolTable
  /// Lines that are not address, type and name, and are in no table.
  package var malformedLines: Int
  package var firstMalformed: MalformedLine?
  /// Lines whose name is longer than ``SymbolTable/longestName``, and are in no table.
  package var overlongNames: Int
}

/// Why the text of `/proc/kallsyms` gave no symbols.
package enum KallsymsError: Error, Hashable, Sendable, CustomStringConvertible {
  case noSymbols(malformedLines: Int, overlongNames: Int)
  case tooManySymbols(Int)

  package var description: String {
    switch self {
    case .noSymbols(0, 0):
      "kallsyms is empty"
    case .noSymbols(let malformed, let overlong):
      "kallsyms names no symbol: \(malformed) of its lines make no sense, and \(overlong) names are too long"
    case .tooManySymbols(let count):
      "kallsyms names \(count) symbols; more than \(KallsymsDecoder.mostSymbols) are not believed"
    }
  }
}
