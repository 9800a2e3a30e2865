import KernelModel

/// Why the symbol tables in a kernel image were not found.
package enum ImageKallsymsError: Error, Hashable, Sendable {
  /// No token table: nothing holds the digits as they stand in one, with an index that fits behind it.
  case noTokens(byteCount: Int)
  /// No names before the token table, whose link-time address is given.
  case noNames(tokens: UInt64)
  /// No addresses that fit the names; how many names there are.
  case noAddresses(names: Int)
}

extension ImageKallsymsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noTokens(let byteCount):
      "no kallsyms token table in \(byteCount) bytes of read-only data; was the kernel built without CONFIG_KALLSYMS?"
    case .noNames(let tokens):
      "no kallsyms names before the token table at \(tokens.hexadecimal)"
    case .noAddresses(let names):
      "no kallsyms addresses that fit its \(names) names"
    }
  }
}
