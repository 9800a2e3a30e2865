package import KernelModel

/// What is wrong with a core file's header, program headers or notes.
package enum CoreFileError: Error, Hashable, Sendable {
  /// It ends before what it must hold: what, and how many bytes that needs and are there.
  case truncated(String, needed: UInt64, available: UInt64)
  /// It does not start with the four bytes of every ELF file.
  case notELF
  /// A header field has a value that a Linux core file cannot have: its name and value.
  case unsupported(field: String, value: UInt64)
  /// The header promises more program headers than are believed: how many, and how many are.
  case tooManyProgramHeaders(Int, limit: Int)
  /// A program header's field makes no sense: the header's number, the field and its value.
  case implausibleSegment(Int, field: String, value: UInt64)
  /// Two load segments claim the same addresses: their numbers, and the first address both have.
  case overlappingSegments(Int, Int, at: KernelAddress)
}

extension CoreFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let what, let needed, let available):
      "\(what) is cut short: it needs \(needed) bytes, and there are \(available)"
    case .notELF:
      "not an ELF file: it does not start with 7f 45 4c 46"
    case .unsupported(let field, let value):
      "not an ELF core file as Linux writes it on \(Machine.machine): \(field) is \(value)"
    case .tooManyProgramHeaders(let count, let limit):
      "the core file promises \(count) program headers; more than \(limit) are not believed"
    case .implausibleSegment(let number, let field, let value):
      "program header \(number) makes no sense: \(field) is \(value.hexadecimal)"
    case .overlappingSegments(let first, let second, let address):
      "program headers \(first) and \(second) both claim the memory at \(address)"
    }
  }
}
