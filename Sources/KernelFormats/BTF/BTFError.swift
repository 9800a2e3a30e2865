internal import KernelModel

/// Why type information was not believed.
package enum BTFError: Error, Hashable, Sendable {
  /// It ends before what it must hold: what, and how many bytes that needs and are there.
  case truncated(String, needed: UInt64, available: UInt64)
  /// It does not start as BTF does: its first two bytes as a little-endian number.
  case notBTF(magic: UInt16)
  /// It was written for a big-endian machine.
  case bigEndian
  /// A field of the header has a value that is not known: its name and value.
  case unsupported(field: String, value: UInt64)
  /// A type is of a kind that is not known, and nothing says how long it is: its number and kind.
  case unknownKind(type: Int, kind: UInt8)
  /// The names do not begin and end with a NUL.
  case unterminatedNames
}

extension BTFError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let what, let needed, let available):
      "\(what) is cut short: it needs \(needed) bytes, and there are \(available)"
    case .notBTF(let magic):
      "no BTF: it starts with \(magic.hexadecimal), not 0xeb9f"
    case .bigEndian:
      "the BTF is big-endian; \(Machine.machine) kernels have little-endian BTF"
    case .unsupported(let field, let value):
      "BTF of a form that is not known: \(field) is \(value)"
    case .unknownKind(let type, let kind):
      "BTF type \(type) is of kind \(kind), which is not known"
    case .unterminatedNames:
      "the names of the BTF do not begin and end with a NUL"
    }
  }
}
