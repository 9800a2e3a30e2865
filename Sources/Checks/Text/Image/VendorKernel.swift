internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The vendor's kernel image, decoded as far as verifying text needs it: code, constants, tables of places to patch.
final class VendorKernel {
  private let image: VendorImage
  let tables: Machine.ObjectTables
  /// Sections of code and of data that never changes, by live address, ascending.
  let sections: [VendorObject.Section]
  /// Live addresses of data that is written once, while the kernel boots.
  let writtenOnce: Range<UInt64>
  /// Static call trampolines (`__SCT__x`) and the keys (`__SCK__x`) of the same name.
  let trampolines: [StaticCallKeys.Trampoline]

  /// The places in it that hold addresses; or why they are not to be had.
  private(set) lazy var relocations: Result<Machine.ImageRelocations, CannotCheck> = Result {
    () throws(CannotCheck) in try Machine.ImageRelocations(of: object, offset: offset)
  }

  /// The symbols that it exports to modules.
  private(set) lazy var exports = KernelExports(of: object, offset: offset)

  var object: VendorObject { image.object }
  /// How far the running kernel was moved from its link-time addresses.
  var offset: UInt64 { image.offset }
  var symbols: SymbolIndex { image.symbols }
  var types: KernelTypes { get throws(CannotCheck) { try image.types } }
  /// Live addresses of the code, `_text` up to `_etext`.
  var text: Range<UInt64> { image.text }

  init(_ image: VendorImage) throws(CannotCheck) {
    self.image = image
    let (object, symbols, offset) = (image.object, image.symbols, image.offset)
    guard let code = object.section(named: ".text"), let constants = object.section(named: ".rodata") else {
      throw .implausible(VendorImage.subject, "has no sections .text and .rodata")
    }
    let constantsEnd = symbols["__end_rodata"].map { $0 &- offset } ?? constants.address &+ constants.byteCount
    sections = object.sections.filter { section in
      section.isAllocated && !section.isNoBits && section.byteCount > 0 && section.address >= code.address
        && section.address < constantsEnd
        && section.fileRange.count == Int(clamping: section.byteCount)
        && !(section.address &+ offset).addingReportingOverflow(section.byteCount).overflow
    }.sorted { $0.address < $1.address }
    for (lower, upper) in zip(sections, sections.dropFirst()) where upper.address - lower.address < lower.byteCount {
      throw .implausible(VendorImage.subject, "its sections \(lower.name) and \(upper.name) lie over one another")
    }
    if let first = symbols["__start_ro_after_init"], let last = symbols["__end_ro_after_init"], first <= last {
      writtenOnce = first..<last
    } else {
      writtenOnce = image.text.lowerBound..<image.text.lowerBound
    }
    let prefixes = (trampoline: "__SCT__", key: "__SCK__")
    trampolines = symbols.symbols(withPrefix: prefixes.trampoline).compactMap { symbol in
      let name = String(symbol.name.dropFirst(prefixes.trampoline.count))
      return symbols[prefixes.key + name].map {
        StaticCallKeys.Trampoline(name: name, address: symbol.address.rawValue, key: $0)
      }
    }
    tables = Machine.ObjectTables(ofKernel: object, offset: offset, symbols: symbols, text: image.text)
  }

  /// Whether a live address lies in the image's memory, whatever the running kernel says of its bounds.
  func holds(_ address: UInt64) -> Bool {
    let linked = address &- offset
    return object.sections.contains { section in
      section.isAllocated && section.address != 0 && linked >= section.address
        && linked &- section.address < section.byteCount
    }
  }

  /// A copy of the code and constants, and of the replacements that alternatives come from, at their live addresses.
  func makeImage() -> TextImage {
    let image = TextImage()
    if let first = sections.first, let end = sections.map(\.fileRange.upperBound).max() {
      let start = first.fileRange.lowerBound
      // Where the file keeps them as far apart as memory does, all of them are one block.
      let isOneRun = sections.allSatisfy {
        UInt64(exactly: $0.fileRange.lowerBound - start) == $0.address &- first.address
      }
      if isOneRun {
        image.add(UnsafeRawBufferPointer(rebasing: object.contents.bytes[start..<end]), at: first.address &+ offset)
      } else {
        for section in sections { image.add(object.bytes(of: section), at: section.address &+ offset) }
      }
    }
    if let replacements = object.section(named: ".altinstr_replacement") {
      image.add(object.bytes(of: replacements), at: replacements.address &+ offset)
    }
    return image
  }
}

extension Kernel {
  private static let vendorKernelMember = Workings.Member { (kernel) throws(CannotCheck) in
    try VendorKernel(kernel.vendorImage)
  }

  /// The vendor's image of it, and what its text is patched by.
  ///
  /// - Throws: if the image is not to be had or makes no sense.
  var vendorKernel: VendorKernel {
    get throws(CannotCheck) { try value(of: Self.vendorKernelMember) }
  }
}
