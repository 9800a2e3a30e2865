internal import KernelFormats

/// A member by which code is reached: a pointer to a function, or to a table of functions.
package struct CodeMember {
  /// Bytes from the structure's start.
  package let offset: Int
  /// The first of a union's that it is.
  package let path: String
  /// The structure and the member: `nf_hook_entry.hook`.
  package let field: String
  package let mayBeFunction: Bool
  /// The tables that it may lead to.
  package let tables: [KernelType]

  /// Nil if it is none of those that are asked about.
  ///
  /// - Parameter without: members that are not asked about.
  init?(_ pointer: BTF.Structure.CodePointer, of type: KernelType, without: [String], _ types: KernelTypes) {
    let readings = pointer.readings.filter { !without.contains($0.path) }
    guard let first = readings.first else { return nil }
    offset = pointer.offset
    path = first.path
    field = "\(type.name).\(path)"
    mayBeFunction = readings.contains { if case .function = $0.target { true } else { false } }
    tables = readings.compactMap { reading in
      if case .table(let structure) = reading.target { types.type(structure, named: reading.path) } else { nil }
    }
  }
}
