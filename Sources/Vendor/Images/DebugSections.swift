import KernelFormats
import KernelModel

/// What a `vmlinux` has that a boot image has not: symbols, and the sections of DWARF.
///
/// Source: include/uapi/linux/elf.h (Linux 7.2); the System V ABI's chapter on object files for `SHF_COMPRESSED` and
/// `Elf64_Chdr`; binutils for the older `.zdebug_*`: "ZLIB", and the byte count, its highest byte first.
enum DebugSections {
  /// All that is decompressed of one section: a distribution's kernel has 300 MB of `.debug_info`.
  private static let mostBytes = 1 << 30
  private static let symbolByteCount = 24
  private static let mostSymbols = 1 << 22

  /// The section called `name`, decompressed; nil if `object` has none, or none of its bytes.
  static func section(_ name: String, of object: VendorObject) throws(VendorFileError) -> VendorObject.Contents? {
    if let section = object.section(named: name), !section.fileRange.isEmpty {
      let bytes = object.bytes(of: section)
      guard section.flags & 0x800 != 0 else {
        return VendorObject.Contents(bytes) { [object] _ in withExtendedLifetime(object) {} }
      }
      guard bytes.count >= 24 else { throw .notAnObject("its \(name) is cut short") }
      let kind = bytes.loadUnaligned(as: UInt32.self)
      let rest = UnsafeRawBufferPointer(rebasing: bytes[24...])
      switch kind {
      case 1: return try decompressed(rest, .gzip, byteCount: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      case 2: return try decompressed(rest, .zstd, byteCount: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      default: throw .notAnObject("its \(name) is compressed in a way that is not known: \(kind)")
      }
    }
    guard name.hasPrefix(".debug"), let section = object.section(named: ".z" + name.dropFirst()) else { return nil }
    let bytes = object.bytes(of: section)
    guard bytes.count >= 12, bytes.starts(with: "ZLIB".utf8) else { throw .notAnObject("its .z\(name) makes no sense") }
    let byteCount = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
    return try decompressed(UnsafeRawBufferPointer(rebasing: bytes[12...]), .gzip, byteCount: byteCount)
  }

  private static func decompressed(
    _ bytes: UnsafeRawBufferPointer, _ compression: Compression, byteCount: UInt64
  ) throws(VendorFileError) -> VendorObject.Contents {
    guard byteCount <= mostBytes else { throw .tooLarge("a section", byteCount: byteCount, limit: mostBytes) }
    let section = try GrowingBytes(limit: Int(byteCount))
    try compression.decompress(bytes, into: section)
    return section.finish()
  }

  /// The symbols in the file's own table, or nil if it has none: it was stripped.
  ///
  /// Their types are as `nm` shows them. What assemblers and compilers name for themselves is left out, as
  /// scripts/mksysmap does (Linux v5.10 to v7.2).
  static func symbols(of object: VendorObject) -> SymbolTable? {
    guard let table = object.sections.first(where: { $0.type == 2 }), !table.fileRange.isEmpty,
      object.sections.indices.contains(Int(table.link))
    else { return nil }
    let entries = object.bytes(of: table)
    let names = object.bytes(of: object.sections[Int(table.link)])
    let count = min(entries.count / symbolByteCount, mostSymbols)
    var builder = SymbolTable.Builder()
    builder.reserve(symbolCount: count, nameByteCount: min(names.count, count * 64))
    for index in 0..<count {
      let start = index * symbolByteCount
      let name = Int(entries.loadUnaligned(fromByteOffset: start, as: UInt32.self))
      let info = entries[start + 4]
      let section = entries.loadUnaligned(fromByteOffset: start + 6, as: UInt16.self)
      let address = entries.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)
      // STT_SECTION and STT_FILE name no place, and what is undefined (SHN_UNDEF) is elsewhere.
      guard info & 15 != 3, info & 15 != 4, section != 0, name < names.count, names[name] != UInt8(ascii: "$"),
        names[name] != UInt8(ascii: ".")
      else { continue }
      let rest = UnsafeRawBufferPointer(rebasing: names[name...].prefix(SymbolTable.longestName + 1))
      guard let end = rest.firstIndex(of: 0), end > 0 else { continue }
      let bytes = UnsafeRawBufferPointer(rebasing: rest[..<end]).bindMemory(to: UInt8.self)
      builder.add(name: bytes.span, address: address, type: letter(of: section, isGlobal: info >> 4 != 0, object))
    }
    let symbols = SymbolTable(builder)
    return symbols.count > 0 ? symbols : nil
  }

  private static func letter(of section: UInt16, isGlobal: Bool, _ object: VendorObject) -> UInt8 {
    let letter: UInt8
    if section < object.sections.count {
      let section = object.sections[Int(section)]
      letter =
        section.isExecutable
        ? UInt8(ascii: "t")
        : section.isNoBits
          ? UInt8(ascii: "b") : section.isWritable ? UInt8(ascii: "d") : UInt8(ascii: "r")
    } else {
      letter = UInt8(ascii: "a")
    }
    return isGlobal ? letter & ~0x20 : letter
  }
}

extension VendorStore {
  /// A `vmlinux` with debugging information of a distribution has 0.5 to 1 GB.
  static let vmlinuxLimit = 1 << 30
  /// A `System.map` has 5 to 10 MB.
  static let mapLimit = 64 << 20

  /// What was brought besides the image, for the kernel of a release and build.
  func debugInformation(
    release: String, build: BuildID?
  ) -> (found: [DebugInformation], problems: [String]) {
    guard let brought else { return ([], []) }
    if let known = debugging, known.release == release, known.build == build { return (known.found, known.problems) }
    var found: [DebugInformation] = []
    var (places, problems) = brought.debugImages(release: release)
    for place in places where build != nil && found.isEmpty {
      do throws(VendorFileError) {
        if let information = try vmlinux(at: place, build: build, brought, &problems) { found.append(information) }
      } catch {
        problems.append("\(place) \(error)")
      }
    }
    for place in brought.maps(release: release) {
      do throws(VendorFileError) {
        let bytes = try brought.file(at: place, limit: Self.mapLimit)
        found.append(DebugInformation(source: place, symbols: try Self.map(bytes), isOfTheBuild: false))
      } catch {
        problems.append("\(place) \(error)")
      }
    }
    debugging = (release, build, found, problems)
    return (found, problems)
  }

  private func vmlinux(
    at place: String, build: BuildID?, _ brought: BroughtFiles, _ problems: inout [String]
  ) throws(VendorFileError) -> DebugInformation? {
    let contents = try brought.file(at: place, limit: Self.vmlinuxLimit)
    // A boot image has none of it.
    guard Compression(of: contents.bytes) == Compression.none else { return nil }
    let object = try ElfObject.decode(contents, .kernel, source: place)
    guard object.buildID == build else {
      problems.append("\(place) is \(object.buildID.map { "build \($0)" } ?? "of no known build")")
      return nil
    }
    return DebugInformation(
      source: place, symbols: DebugSections.symbols(of: object), isOfTheBuild: true
    ) { (name) throws(Withheld) in
      do throws(VendorFileError) {
        return try DebugSections.section(name, of: object)
      } catch {
        throw Withheld("the kernel's type information", why: "\(place) \(error)")
      }
    }
  }

  /// The symbols of a `System.map`, which is written as `/proc/kallsyms` is.
  private static func map(_ contents: VendorObject.Contents) throws(VendorFileError) -> SymbolTable {
    var decoder = KallsymsDecoder(expectedSymbolCount: contents.bytes.count / 40)
    decoder.consume(contents.bytes.bindMemory(to: UInt8.self).span)
    do throws(KallsymsError) {
      return try decoder.finish().symbols
    } catch {
      throw .notAnObject("\(error)")
    }
  }
}
