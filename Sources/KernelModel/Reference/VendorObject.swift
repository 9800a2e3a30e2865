/// One ELF file that the vendor built, decompressed: the kernel itself, or a module.
///
/// What it says is a claim of the file's; every size in it was checked against the file's own bytes by whoever made
/// this value, so that a section's bytes are always there.
package final class VendorObject {
  /// Where it was read from, in words: a path, or a package and the path in it.
  package let source: String
  /// The GNU build id in its notes, or nil if it has none (modules of some kernels).
  package let buildID: BuildID?
  /// In the order of the section header table; an index here is the file's own section number.
  package let sections: [Section]
  /// All of the file.
  package let contents: Contents

  package init(source: String, buildID: BuildID?, sections: [Section], contents: Contents) {
    self.source = source
    self.buildID = buildID
    self.sections = sections
    self.contents = contents
  }

  /// The first section called `name`.
  package func section(named name: String) -> Section? {
    sections.first { $0.name == name }
  }

  /// The name under which a module is loaded, as its own `.modinfo` has it; nil if that does not say.
  ///
  /// Source: `MODULE_INFO(name, KBUILD_MODNAME)`, scripts/mod/modpost.c (Linux v4.12 to v7.2).
  package var moduleName: String? { moduleInformation("name") }

  /// The digest of its source that a module's `.modinfo` has; nil if it has none.
  ///
  /// Source: add_srcversion(), scripts/mod/modpost.c (Linux v4.12 to v7.2).
  package var moduleSourceVersion: String? { moduleInformation("srcversion") }

  private func moduleInformation(_ key: String) -> String? {
    guard let section = section(named: ".modinfo"), section.fileRange.count <= 1 << 20 else { return nil }
    return bytes(of: section).split(separator: 0).first { $0.starts(with: "\(key)=".utf8) }.map {
      String(decoding: $0.dropFirst(key.utf8.count + 1), as: UTF8.self)
    }
  }

  /// The bytes of `section`; none if it takes no room in the file (SHT_NOBITS).
  ///
  /// They are there as long as this object.
  package func bytes(of section: Section) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: contents.bytes[section.fileRange])
  }

  /// The bytes at `region`, link-time addresses; nil if no allocated section's part in the file has them all.
  ///
  /// They are there as long as this object.
  package func bytes(at region: MemoryRegion) -> UnsafeRawBufferPointer? {
    for section in sections where section.isAllocated {
      let inFile = MemoryRegion(start: KernelAddress(section.address), byteCount: UInt64(section.fileRange.count))
      guard inFile.contains(region), let offset = region.start.offset(from: inFile.start) else { continue }
      let start = section.fileRange.lowerBound + Int(offset)
      return UnsafeRawBufferPointer(rebasing: contents.bytes[start..<start + Int(region.byteCount)])
    }
    return nil
  }

  /// One entry of the section header table.
  ///
  /// Source: include/uapi/linux/elf.h, `struct elf64_shdr` (Linux v6.12).
  package struct Section: Hashable, Sendable {
    package var name: String
    /// SHT_*: 1 PROGBITS, 2 SYMTAB, 3 STRTAB, 4 RELA, 7 NOTE, 8 NOBITS.
    package var type: UInt32
    /// SHF_*: 1 WRITE, 2 ALLOC, 4 EXECINSTR.
    package var flags: UInt64
    /// Link-time address; 0 in a module.
    package var address: UInt64
    /// Bytes in memory.
    package var byteCount: UInt64
    /// Where its bytes lie in the file; empty for SHT_NOBITS.
    package var fileRange: Range<Int>
    package var link: UInt32
    package var info: UInt32
    package var alignment: UInt64
    /// Bytes of one entry, or 0 if the file does not say.
    package var entryByteCount: UInt64

    package init(
      name: String, type: UInt32, flags: UInt64, address: UInt64, byteCount: UInt64, fileRange: Range<Int>,
      link: UInt32 = 0, info: UInt32 = 0, alignment: UInt64 = 1, entryByteCount: UInt64 = 0
    ) {
      self.name = name
      self.type = type
      self.flags = flags
      self.address = address
      self.byteCount = byteCount
      self.fileRange = fileRange
      self.link = link
      self.info = info
      self.alignment = alignment
      self.entryByteCount = entryByteCount
    }

    package var isAllocated: Bool { flags & 2 != 0 }
    package var isWritable: Bool { flags & 1 != 0 }
    package var isExecutable: Bool { flags & 4 != 0 }
    /// Whether it takes room in memory and none in the file.
    package var isNoBits: Bool { type == 8 }
  }

  /// The bytes of a decompressed file: tens of megabytes, kept once and given back when nobody uses them any more.
  package final class Contents {
    /// There as long as this object: whoever looks at them holds it, or uses ``withBytes(_:)``.
    package let bytes: UnsafeRawBufferPointer
    private let release: (UnsafeRawBufferPointer) -> Void

    /// - Parameter release: gives the memory back; called once.
    package init(_ bytes: UnsafeRawBufferPointer, release: @escaping (UnsafeRawBufferPointer) -> Void) {
      self.bytes = bytes
      self.release = release
    }

    /// A copy of some bytes.
    package convenience init(copying source: [UInt8]) {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
      copy.copyBytes(from: source)
      self.init(UnsafeRawBufferPointer(copy)) { $0.deallocate() }
    }

    /// What `fill` puts in their place: all of them, or it throws.
    package convenience init<Failure: Error>(
      byteCount: Int, _ fill: (inout MutableRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
      do throws(Failure) {
        var span = memory.mutableBytes
        try fill(&span)
      } catch {
        memory.deallocate()
        throw error
      }
      self.init(UnsafeRawBufferPointer(memory)) { $0.deallocate() }
    }

    deinit {
      release(bytes)
    }

    /// Gives `body` the bytes, which stay where they are meanwhile.
    package func withBytes<Result, Failure: Error>(
      _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      defer { withExtendedLifetime(self) {} }
      return try body(bytes)
    }
  }
}
