package import KernelModel

/// A vendor's file made of sections, as whoever decompresses one hands it on: right, or as a hostile file might be.
package struct TestVendorFile {
  package struct Section {
    package var name: String
    /// SHT_*: 1 PROGBITS, 2 SYMTAB, 3 STRTAB, 4 RELA, 8 NOBITS.
    package var type: UInt32 = 1
    /// SHF_*: 1 WRITE, 2 ALLOC, 4 EXECINSTR.
    package var flags: UInt64
    /// Link-time address.
    package var address: UInt64
    package var bytes: [UInt8]
    /// Bytes in memory, if not as many as in the file.
    package var byteCount: UInt64?
    /// Where its bytes begin in the file, if that matters.
    package var fileOffset: Int?
    package var link: UInt32 = 0
    package var info: UInt32 = 0
    package var alignment: UInt64 = 1

    package init(
      _ name: String, type: UInt32 = 1, flags: UInt64 = 2, at address: UInt64 = 0, _ bytes: [UInt8],
      byteCount: UInt64? = nil, fileOffset: Int? = nil, link: UInt32 = 0, info: UInt32 = 0, alignment: UInt64 = 1
    ) {
      self.name = name
      self.type = type
      self.flags = flags
      self.address = address
      self.bytes = bytes
      self.byteCount = byteCount
      self.fileOffset = fileOffset
      self.link = link
      self.info = info
      self.alignment = alignment
    }
  }

  package var source: String
  package var sections: [Section]
  /// What follows the ELF file: the kernel's relocations.
  package var rest: [UInt8] = []

  package init(source: String, sections: [Section]) {
    self.source = source
    self.sections = sections
  }

  /// The section called `name`, made if there is none.
  package subscript(name: String) -> [UInt8] {
    get { sections.first { $0.name == name }?.bytes ?? [] }
    set {
      if let index = sections.firstIndex(where: { $0.name == name }) {
        sections[index].bytes = newValue
      } else {
        sections.append(Section(name, newValue))
      }
    }
  }

  /// The file: a header that says where the section header table ends, sections at or behind their offsets, ``rest``.
  package var object: VendorObject {
    var contents = [UInt8](repeating: 0, count: 64)
    var decoded: [VendorObject.Section] = []
    // First those that have a place, wherever it is; what has none follows.
    let end = sections.compactMap { section in section.fileOffset.map { $0 + section.bytes.count } }.max() ?? 64
    contents += [UInt8](repeating: 0, count: max(end - 64, 0))
    for section in sections {
      let start = section.fileOffset ?? contents.count
      if section.fileOffset == nil { contents += section.bytes }
      contents.replaceSubrange(start..<start + section.bytes.count, with: section.bytes)
      decoded.append(
        VendorObject.Section(
          name: section.name, type: section.type, flags: section.flags, address: section.address,
          byteCount: section.byteCount ?? UInt64(section.bytes.count), fileRange: start..<start + section.bytes.count,
          link: section.link, info: section.info, alignment: section.alignment))
    }
    // e_shoff, e_shentsize, e_shnum: struct elf64_hdr in include/uapi/linux/elf.h (Linux v6.12).
    let headers = contents.count
    contents += [UInt8](repeating: 0, count: sections.count * 64)
    contents.replaceSubrange(40..<48, with: little(UInt64(headers)))
    contents.replaceSubrange(58..<60, with: little(UInt16(64)))
    contents.replaceSubrange(60..<62, with: little(UInt16(sections.count)))
    return VendorObject(
      source: source, buildID: nil, sections: decoded, contents: VendorObject.Contents(copying: contents + rest))
  }
}
