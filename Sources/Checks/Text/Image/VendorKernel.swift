internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The vendor's kernel image, decoded as far as verifying text needs it: code, constants, tables of places to patch.
final class VendorKernel {
  private let image: VendorImage
  let tables: PatchTables
  /// Sections of code and of data that never changes, by live address, ascending.
  let sections: [VendorObject.Section]
  /// Live addresses of data that is written once, while the kernel boots.
  let writtenOnce: Range<UInt64>
  /// Static call trampolines (`__SCT__x`) and the keys (`__SCK__x`) of the same name.
  let trampolines: [StaticCallKeys.Trampoline]

  var object: VendorObject { image.object }
  /// How far the running kernel was moved from its link-time addresses.
  var offset: UInt64 { image.offset }
  var symbols: SymbolIndex { image.symbols }
  var types: KernelTypes { image.types }
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
    var tables = Self.tables(of: object, offset: offset, symbols: symbols)
    tables.callRange = image.text
    self.tables = tables
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

  private static func variable(of section: String) -> String? {
    for prefix in ["runtime_ptr_", "runtime_shift_"] where section.hasPrefix(prefix) {
      return String(section.dropFirst(prefix.count))
    }
    return nil
  }

  private static func tables(
    of object: VendorObject, offset: UInt64, symbols: SymbolIndex
  ) -> PatchTables {
    func table(_ section: VendorObject.Section) -> PatchTable {
      PatchTable(bytes: object.bytes(of: section), address: section.address &+ offset)
    }
    func table(_ name: String) -> PatchTable { object.section(named: name).map(table) ?? .empty }
    /// The bytes between two symbols, which lie in one section.
    func table(from first: String, to last: String) -> PatchTable {
      guard let start = symbols[first].map({ $0 &- offset }), let end = symbols[last].map({ $0 &- offset }),
        start <= end,
        let section = object.sections.first(where: { section in
          start >= section.address && end &- section.address <= UInt64(section.fileRange.count)
            && start &- section.address <= UInt64(section.fileRange.count) && section.isAllocated
        })
      else { return .empty }
      let bytes = object.bytes(of: section)
      return PatchTable(
        bytes: UnsafeRawBufferPointer(rebasing: bytes[Int(start - section.address)..<Int(end - section.address)]),
        address: start &+ offset)
    }
    var tables = PatchTables(sections: table)
    tables.jumpLabels = table(from: "__start___jump_table", to: "__stop___jump_table")
    tables.staticCalls = table(from: "__start_static_call_sites", to: "__stop_static_call_sites")
    tables.functionEntries = table(from: "__start_mcount_loc", to: "__stop_mcount_loc")
    for section in object.sections {
      guard let variable = variable(of: section.name) else { continue }
      if section.name.hasPrefix("runtime_ptr_") {
        tables.runtimePointers.append((variable, table(section)))
      } else {
        tables.runtimeShifts.append((variable, table(section)))
      }
    }
    tables.measureAlternatives()
    return tables
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
