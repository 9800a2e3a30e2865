import KernelModel

/// The header that an ELF core file of an x86-64 kernel starts with: `/proc/kcore`, or a dump.
///
/// Layout and constants: include/uapi/linux/elf.h (`Elf64_Ehdr`) and fs/proc/kcore.c (`read_kcore_iter`), Linux v6.12.
package struct CoreFileHeader: Hashable, Sendable {
  /// The size of an ELF64 header, in bytes.
  package static let byteCount = 64
  /// More program headers than this are not believed.
  ///
  /// A live kernel has one for each stretch of RAM and a handful more.
  package static let mostProgramHeaders = 4096

  /// Where in the file the program headers are, in bytes from its start.
  package let programHeaderOffset: UInt64
  package let programHeaderCount: Int
  /// Where in the file the section headers are, 0 if it has none; those of a core file matter only for
  /// ``extendedProgramHeaderCount(_:)``.
  package let sectionHeaderOffset: UInt64
  /// `e_machine`; always 62, x86-64.
  package let machine: UInt16

  /// The header that `bytes` start with.
  ///
  /// - Parameter mostProgramHeaders: more of them than this are not believed.
  /// - Throws: if it is not the header of a little-endian, 64-bit x86-64 core file, or if its numbers make no sense.
  package static func decode(
    _ bytes: Span<UInt8>, mostProgramHeaders: Int = mostProgramHeaders
  ) throws(CoreFileError) -> CoreFileHeader {
    guard bytes.count >= 4, bytes[0] == 0x7f, bytes[1] == UInt8(ascii: "E"), bytes[2] == UInt8(ascii: "L"),
      bytes[3] == UInt8(ascii: "F")
    else {
      throw bytes.count < 4
        ? .truncated("the ELF header", needed: UInt64(byteCount), available: UInt64(bytes.count)) : .notELF
    }
    func field<Value: FixedWidthInteger & UnsignedInteger>(
      _ type: Value.Type, at offset: Int
    ) throws(CoreFileError) -> Value {
      guard let value = bytes.integer(type, at: offset) else {
        throw .truncated("the ELF header", needed: UInt64(byteCount), available: UInt64(bytes.count))
      }
      return value
    }
    let version = try field(UInt32.self, at: 20)
    let programHeaderByteCount = try field(UInt16.self, at: 54)
    let count = try field(UInt16.self, at: 56)
    let type = try field(UInt16.self, at: 16)
    let machine = try field(UInt16.self, at: 18)
    let offset = try field(UInt64.self, at: 32)
    let sectionHeaderOffset = try field(UInt64.self, at: 40)
    _ = try field(UInt16.self, at: 62)  // the last field: the whole header is there

    // Not e_ehsize: QEMU writes the size of a pointer there (prepare_elf64_header, dump/dump.c, v7.2), and nothing uses it.
    let required: [(name: String, value: UInt64, wanted: UInt64)] = [
      ("EI_CLASS", UInt64(bytes[4]), 2),  // ELFCLASS64
      ("EI_DATA", UInt64(bytes[5]), 1),  // ELFDATA2LSB
      ("EI_VERSION", UInt64(bytes[6]), 1),  // EV_CURRENT
      ("e_type", UInt64(type), 4),  // ET_CORE
      ("e_machine", UInt64(machine), 62),  // EM_X86_64
      ("e_version", UInt64(version), 1),
      ("e_phentsize", UInt64(programHeaderByteCount), UInt64(CoreFileSegment.byteCount)),
    ]
    for (name, value, wanted) in required where value != wanted {
      throw .unsupported(field: name, value: value)
    }
    guard count > 0 else { throw .unsupported(field: "e_phnum", value: 0) }
    guard Int(count) <= mostProgramHeaders else { throw .tooManyProgramHeaders(Int(count), limit: mostProgramHeaders) }
    // Offsets in files are signed (loff_t); beyond that nothing can be read.
    guard offset >= UInt64(byteCount), offset <= UInt64(Int64.max) >> 1 else {
      throw .unsupported(field: "e_phoff", value: offset)
    }
    return CoreFileHeader(
      programHeaderOffset: offset, programHeaderCount: Int(count), sectionHeaderOffset: sectionHeaderOffset,
      machine: machine)
  }

  /// Whether the file has more program headers than its header can say (`e_phnum` is `PN_XNUM`).
  package var hasExtendedCount: Bool { programHeaderCount == 0xffff }

  /// The number of program headers of a file with more than 65534 of them: `sh_info` of its first section header.
  package static func extendedProgramHeaderCount(_ sectionHeader: Span<UInt8>) throws(CoreFileError) -> Int {
    guard let count = sectionHeader.integer(UInt32.self, at: 44) else {
      throw .truncated("the section header that counts", needed: 64, available: UInt64(sectionHeader.count))
    }
    return Int(count)
  }
}
