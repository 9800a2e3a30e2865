import TestKernel

/// Writes small ELF files with sections, right or wrong.
package struct SampleObject {
  package struct Section {
    package var name: String
    /// SHT_*: 1 PROGBITS, 7 NOTE, 8 NOBITS.
    package var type: UInt32 = 1
    /// SHF_*: 2 ALLOC, 6 with EXECINSTR.
    package var flags: UInt64 = 2
    package var address: UInt64 = 0
    package var bytes: [UInt8]
    /// What the header says, if it is to say something else than where the bytes are.
    package var offset: UInt64?
    package var byteCount: UInt64?
    /// The number of the section that it goes with: a table of symbols' names.
    package var link: UInt32 = 0

    package init(
      _ name: String, type: UInt32 = 1, flags: UInt64 = 2, address: UInt64 = 0, _ bytes: [UInt8],
      offset: UInt64? = nil, byteCount: UInt64? = nil, link: UInt32 = 0
    ) {
      self.link = link
      self.name = name
      self.type = type
      self.flags = flags
      self.address = address
      self.bytes = bytes
      self.offset = offset
      self.byteCount = byteCount
    }
  }

  /// ET_EXEC, a kernel; 1 is ET_REL, a module.
  package var type: UInt16 = 2
  package var machine: UInt16 = 62
  package var sections: [Section]
  /// What the header says of the section header table, if not the truth.
  package var headerOffset: UInt64?
  package var headerCount: UInt16?
  package var headerByteCount: UInt16 = 64
  package var namesIndex: UInt16?

  package init(type: UInt16 = 2, machine: UInt16 = 62, sections: [Section]) {
    self.type = type
    self.machine = machine
    self.sections = sections
  }

  /// The file: header, sections, their names, the section header table; nothing follows that.
  package var file: [UInt8] {
    var names: [UInt8] = [0]
    var body: [UInt8] = []
    var headers = [UInt8](repeating: 0, count: 64)
    func add(_ section: Section) {
      let offset = 64 + UInt64(body.count)
      let name = UInt32(names.count)
      names += Array(section.name.utf8) + [0]
      headers += little(name) + little(section.type) + little(section.flags) + little(section.address)
      headers += little(section.offset ?? offset) + little(section.byteCount ?? UInt64(section.bytes.count))
      headers += little(section.link) + little(UInt32(0)) + little(UInt64(8)) + little(UInt64(0))
      body += section.bytes + [UInt8](repeating: 0, count: (8 - section.bytes.count % 8) % 8)
    }
    for section in sections { add(section) }
    let tableName = ".shstrtab"
    add(Section(tableName, type: 3, flags: 0, names + Array(tableName.utf8) + [0]))
    var elf: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
    elf += little(type) + little(machine) + little(UInt32(1)) + little(UInt64(0x100_0000)) + little(UInt64(0))
    elf += little(headerOffset ?? UInt64(64 + body.count)) + little(UInt32(0))
    elf += little(UInt16(64)) + little(UInt16(56)) + little(UInt16(0)) + little(headerByteCount)
    elf += little(headerCount ?? UInt16(sections.count + 2)) + little(namesIndex ?? UInt16(sections.count + 1))
    return elf + body + headers
  }
}
