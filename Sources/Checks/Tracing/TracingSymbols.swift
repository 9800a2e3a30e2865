internal import KernelModel
internal import KernelObjects

extension Kernel {
  /// Whether the kernel has a variable, so that what it is the root of can be asked for.
  ///
  /// - Parameter function: one that is in every kernel with this variable: kernels that name no data name it.
  /// - Throws: if nobody can tell, or if there are several.
  func hasVariable(_ variable: String, unlessWithout function: String) throws(CannotCheck) -> Bool {
    if symbolsAreWhole, symbols.symbols(named: function).isEmpty, symbols.symbols(named: variable).isEmpty {
      return false
    }
    return try structures.reader.symbols.addressIfAny(of: variable) != nil
  }
}
