internal import KernelModel

/// Why DWARF was not believed, or could not be read.
package enum DwarfError: Error, Hashable, Sendable {
  /// A section that types need is not there.
  case sectionMissing(String)
  /// A unit, or what is in it, ends before what it must hold: where in `.debug_info`.
  case truncated(at: Int)
  /// A field has a value that is not known: its name and value, and where.
  case unsupported(String, value: UInt64, at: Int)
  /// It describes more types than any kernel has: at least so many.
  case tooManyTypes(Int)
}

extension DwarfError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .sectionMissing(let name): "it has no section \(name)"
    case .truncated(let place): "its .debug_info is cut short at byte \(place)"
    case .unsupported(let field, let value, let place):
      "its .debug_info has at byte \(place) a form that is not known: \(field) is \(value.hexadecimal)"
    case .tooManyTypes(let count): "it describes more types than any kernel has: at least \(count)"
    }
  }
}
