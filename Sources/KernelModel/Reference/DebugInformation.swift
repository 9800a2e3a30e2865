/// What was brought of a kernel besides its image: names of variables, and layouts of structures, that the image leaves out.
///
/// It is a `vmlinux` with symbols or debugging information, or a `System.map`.
package final class DebugInformation {
  /// Where it was read from, in words.
  package let source: String
  /// At link-time addresses; nil if it names none.
  package let symbols: SymbolTable?
  /// Whether its build id says that it is of this kernel.
  ///
  /// Without one, it must agree with what the kernel names itself.
  package let isOfTheBuild: Bool
  /// Gives a section of DWARF, decompressed, or nil if there is none; it says why one cannot be had.
  package private(set) var section: (String) throws(Withheld) -> VendorObject.Contents?
  /// The types in it, as the section `.BTF` of an image has them, once somebody decoded them: all looks at a kernel share
  /// them, and the file, of which hundreds of megabytes may be in memory, is let go.
  package var types: Result<VendorObject.Contents, Withheld>? {
    didSet { section = { (_) throws(Withheld) in nil } }
  }

  package init(
    source: String, symbols: SymbolTable?, isOfTheBuild: Bool,
    section: @escaping (String) throws(Withheld) -> VendorObject.Contents? = { (_) throws(Withheld) in nil }
  ) {
    self.source = source
    self.symbols = symbols
    self.isOfTheBuild = isOfTheBuild
    self.section = section
  }
}
