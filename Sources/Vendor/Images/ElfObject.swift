import Celf
import KernelFormats
package import KernelModel

/// Decodes an ELF file that the vendor built, by libelf.
///
/// libelf is given only files whose header and section header table were seen to lie inside; it is never asked for a
/// section's data, which it might decompress. Source: include/uapi/linux/elf.h (Linux 7.2).
package enum ElfObject {
  /// What the file is meant to be.
  package enum Kind: Sendable {
    case kernel
    case module

    /// ET_EXEC for the kernel, ET_REL for a module.
    fileprivate var type: UInt16 { self == .kernel ? 2 : 1 }
    fileprivate var word: String { self == .kernel ? "a kernel" : "a module" }
  }

  private static let headerByteCount = 64
  private static let entryByteCount = 64
  /// A kernel has about 80 sections; a module rarely more than 200, thousands with one for each function.
  private static let mostSections = 16_384
  private static let longestName = 512
  private static let mostNotes = 64 << 10

  /// The object in `contents`.
  ///
  /// - Throws: ``VendorFileError/notAnObject(_:)`` if anything in its headers points outside or makes no sense.
  package static func decode(
    _ contents: VendorObject.Contents, _ kind: Kind, source: String
  ) throws(VendorFileError) -> VendorObject {
    try checkHeader(contents.bytes, kind)
    elf_version(UInt32(EV_CURRENT))
    // libelf does not write to a file it was given in memory; the type lacks a const.
    let image = UnsafeMutablePointer(mutating: contents.bytes.bindMemory(to: CChar.self).baseAddress)
    guard let elf = elf_memory(image, contents.bytes.count) else { throw refusal }
    defer { elf_end(elf) }
    var sections = try sectionHeaders(of: elf, in: contents.bytes)
    var namesIndex = 0
    guard elf_getshdrstrndx(elf, &namesIndex) == 0 else { throw refusal }
    guard sections.indices.contains(namesIndex) else {
      throw .notAnObject("the names of its sections are in section \(namesIndex), and it has \(sections.count)")
    }
    let names = UnsafeRawBufferPointer(rebasing: contents.bytes[sections[namesIndex].section.fileRange])
    for index in sections.indices {
      sections[index].section.name = try name(at: sections[index].name, in: names, of: index)
    }
    let object = sections.map(\.section)
    return VendorObject(
      source: source, buildID: try buildID(in: object, contents.bytes), sections: object, contents: contents)
  }

  /// Throws unless the file is one of `kind` whose section header table lies inside.
  private static func checkHeader(_ bytes: UnsafeRawBufferPointer, _ kind: Kind) throws(VendorFileError) {
    let head = UnsafeRawBufferPointer(rebasing: bytes.prefix(headerByteCount)).bindMemory(to: UInt8.self).span
    guard head.count == headerByteCount else { throw .notAnObject("it ends after \(head.count) bytes") }
    for (index, byte) in [0x7f, 0x45, 0x4c, 0x46].enumerated() where head[index] != byte {
      throw .notAnObject("its first bytes are not those of an ELF file")
    }
    guard head[4] == 2, head[5] == 1 else { throw .notAnObject("it is not a 64-bit little-endian ELF file") }
    let type = head.integer(UInt16.self, at: 16) ?? 0
    let machine = head.integer(UInt16.self, at: 18) ?? 0
    guard type == kind.type, machine == Machine.elfMachine else {
      throw .notAnObject(
        "its ELF type is \(type) and its machine \(machine), not \(kind.type) and \(Machine.elfMachine) "
          + "(\(kind.word) for \(Machine.machine))")
    }
    let offset = head.integer(UInt64.self, at: 40) ?? 0
    let entryByteCount = Int(head.integer(UInt16.self, at: 58) ?? 0)
    let count = Int(head.integer(UInt16.self, at: 60) ?? 0)
    guard entryByteCount == Self.entryByteCount, 1...mostSections ~= count else {
      throw .notAnObject("it has \(count) section headers of \(entryByteCount) bytes")
    }
    let tableByteCount = count * entryByteCount
    guard bytes.count >= tableByteCount, offset <= bytes.count - tableByteCount else {
      throw .notAnObject(
        "its \(count) section headers lie at byte \(offset), and it has \(bytes.count) bytes")
    }
  }

  /// The sections, each without its name, and where in the table of names that is.
  private static func sectionHeaders(
    of elf: OpaquePointer, in bytes: UnsafeRawBufferPointer
  ) throws(VendorFileError) -> [(section: VendorObject.Section, name: UInt32)] {
    var count = 0
    guard elf_getshdrnum(elf, &count) == 0 else { throw refusal }
    var sections: [(section: VendorObject.Section, name: UInt32)] = []
    for index in 0..<min(count, mostSections) {
      var header = GElf_Shdr()
      guard let entry = elf_getscn(elf, index), gelf_getshdr(entry, &header) != nil else { throw refusal }
      guard !header.sh_addr.addingReportingOverflow(header.sh_size).overflow else {
        throw .notAnObject("its section \(index) wraps around the end of the address space")
      }
      var range = 0..<0
      // SHT_NULL says nothing, and SHT_NOBITS has no bytes.
      if header.sh_type != 0, header.sh_type != 8 {
        guard header.sh_offset <= bytes.count, header.sh_size <= UInt64(bytes.count) - header.sh_offset else {
          throw .notAnObject(
            "its section \(index) lies at byte \(header.sh_offset), \(header.sh_size) bytes, and it has "
              + "\(bytes.count)")
        }
        range = Int(header.sh_offset)..<Int(header.sh_offset + header.sh_size)
      }
      sections.append(
        (
          VendorObject.Section(
            name: "", type: header.sh_type, flags: header.sh_flags, address: header.sh_addr,
            byteCount: header.sh_size, fileRange: range, link: header.sh_link, info: header.sh_info,
            alignment: header.sh_addralign, entryByteCount: header.sh_entsize), header.sh_name
        ))
    }
    return sections
  }

  private static func name(
    at offset: UInt32, in names: UnsafeRawBufferPointer, of index: Int
  ) throws(VendorFileError) -> String {
    let rest = names.dropFirst(Int(offset))
    guard let end = rest.prefix(longestName + 1).firstIndex(of: 0) else {
      throw .notAnObject("the name of its section \(index) has no end within \(longestName) bytes")
    }
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  /// The build id in the sections of notes (SHT_NOTE), or nil if none has one.
  private static func buildID(
    in sections: [VendorObject.Section], _ bytes: UnsafeRawBufferPointer
  ) throws(VendorFileError) -> BuildID? {
    for section in sections where section.type == 7 {
      guard section.fileRange.count <= mostNotes else {
        throw .tooLarge("its notes", byteCount: UInt64(section.fileRange.count), limit: mostNotes)
      }
      let notes = UnsafeRawBufferPointer(rebasing: bytes[section.fileRange]).bindMemory(to: UInt8.self)
      do throws(CoreFileError) {
        if let id = ElfNote.buildID(in: try ElfNote.decodeAll(notes.span)) { return id }
      } catch {
        throw .notAnObject("\(section.name): \(error)")
      }
    }
    return nil
  }

  private static var refusal: VendorFileError {
    .notAnObject(elf_errmsg(-1).map { "libelf says: \(String(cString: $0))" } ?? "libelf refuses it")
  }
}
