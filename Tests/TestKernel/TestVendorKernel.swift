package import KernelModel

/// The vendor's image of a kernel of a few kilobytes that has every mechanism that changes code: a 6.12 in small.
///
/// All places are counted from `_text`; ``link(_:)`` and ``TestTextKernel/live(_:)`` make addresses of them. What each
/// site of the code is in the file, and in a running kernel, is in ``TestVendorKernel/sites``.
package struct TestVendorKernel {
  package static let linkBase: UInt64 = 0xffff_ffff_8100_0000
  package static let textByteCount: UInt64 = 0x800
  package static let rodata: UInt64 = 0x1000
  /// `__start_ro_after_init` up to `__end_ro_after_init`: a variable, and the tables that the kernel sorts.
  package static let writtenOnce: Range<UInt64> = 0x10e0..<0x1180
  package static let typeInformation: UInt64 = 0x3800
  package static let endOfRodata: UInt64 = 0x7000
  package static let functionEntries: UInt64 = 0x8000

  package var file: TestVendorFile
  /// Places of 32-bit addresses, of 32-bit distances that shrink, and of 64-bit addresses.
  package var relocations: (narrow: [UInt64], inverse: [UInt64]?, wide: [UInt64])

  /// The link-time address of a place.
  package static func link(_ place: UInt64) -> UInt64 { linkBase &+ place }

  /// As the vendor built it.
  package static let plain = TestVendorKernel()

  /// - Parameters:
  ///   - moved: symbols that the image has at other places.
  ///   - missing: symbols that the image has not.
  ///   - added: symbols that it has besides.
  package init(
    moving moved: [String: UInt64] = [:], without missing: Set<String> = [], adding added: [String: UInt64] = [:]
  ) {
    let symbols = (Self.symbols + added.map { (name: $0.key, type: $0.value < 0xa000 ? "t" : "d", place: $0.value) })
      .filter { !missing.contains($0.name) }
      .map { (name: $0.name, type: $0.type, address: Self.link(moved[$0.name] ?? $0.place)) }
      .sorted { $0.address < $1.address }
    let nops: [UInt64] = (1...11).map { Self.rodata + $0 * 8 }
    relocations = (narrow: [0x043], inverse: [0x04d], wide: nops + [0x10d0])
    var text = [UInt8](repeating: 0xcc, count: Int(Self.textByteCount))
    for site in Self.sites {
      text.replaceSubrange(Int(site.place)..<Int(site.place) + site.file.count, with: site.file)
    }
    file = TestVendorFile(
      source: "/boot/vmlinuz-test",
      sections: [
        // As far apart in the file as in memory.
        .init(".text", flags: 6, at: Self.link(0), text, fileOffset: 0x1000),
        .init(".rodata", at: Self.link(Self.rodata), Self.constants(symbols), fileOffset: 0x1000 + Int(Self.rodata)),
        .init(
          ".BTF", at: Self.link(Self.typeInformation), TestTypes.bytes,
          fileOffset: 0x1000 + Int(Self.typeInformation)),
        .init("__ksymtab", at: Self.link(0x6800), Self.exports, fileOffset: 0x1000 + 0x6800),
        .init("__ksymtab_strings", at: Self.link(0x6900), Self.exportedNames, fileOffset: 0x1000 + 0x6900),
        .init(
          ".init.data", flags: 3, at: Self.link(Self.functionEntries),
          [0x600, 0x610, 0x620, 0x630].flatMap { little(Self.link($0)) }),
        Self.distances(".retpoline_sites", at: 0x9000, to: [0x084, 0x090, 0x0a0]),
        Self.distances(".return_sites", at: 0x9100, to: [0x0c4, 0x0d0, 0x550]),
        Self.distances(".ibt_endbr_seal", at: 0x9200, to: [0x160, 0x168, 0x170]),
        Self.distances(".smp_locks", at: 0x9300, to: [0x180]),
        .init(".altinstructions", at: Self.link(0x9400), Self.alternatives),
        .init(".altinstr_replacement", flags: 6, at: Self.link(0x9600), Self.replacements),
        Self.distances("runtime_ptr_dentry_hashtable", at: 0x9800, to: [0x1a2]),
        Self.distances("runtime_shift_d_hash_shift", at: 0x9900, to: [0x1ac]),
        .init(
          ".init.certificates", flags: 3, at: Self.link(0x9b00),
          little(UInt64(Self.certificate.count + 8)) + [UInt8](repeating: 0, count: 8) + [1, 2, 3, 4]
            + Self.certificate + [5, 6, 7, 8]),
        .init(".data", flags: 3, at: Self.link(Variable.crashes), Self.programs),
      ])
  }

  /// A public key among the image's certificates.
  package static let certificate: [UInt8] = (0..<48).map { 7 &* $0 &+ 3 }

  /// `core_pattern` and `modprobe_path`.
  private static var programs: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 0x100)
    bytes.replaceSubrange(0..<4, with: Array("core".utf8))
    bytes.replaceSubrange(0x80..<0x8e, with: Array("/sbin/modprobe".utf8))
    return bytes
  }

  package var object: VendorObject {
    var file = file
    let lists = [relocations.wide] + (relocations.inverse.map { [$0] } ?? []) + [relocations.narrow]
    // Each list is read from its end, and a 0 stands before it.
    for list in lists {
      file.rest += little(UInt32(0))
      for place in list { file.rest += little(UInt32(truncatingIfNeeded: Self.link(place))) }
    }
    return file.object
  }

  /// A section of 4-byte distances, each counted from itself.
  package static func distances(_ name: String, at place: UInt64, to targets: [UInt64]) -> TestVendorFile.Section {
    .init(
      name, at: link(place),
      targets.enumerated().flatMap { index, target in distance(from: place + UInt64(index) * 4, to: target) })
  }

  /// The four bytes of the distance from one place to another.
  package static func distance(from place: UInt64, to target: UInt64) -> [UInt8] {
    little(UInt32(truncatingIfNeeded: target &- place))
  }
}

// MARK: - Tables

extension TestVendorKernel {
  /// `x86_nops` and its instructions, a pointer, what is written once, jump labels, static calls, symbols.
  private static func constants(_ all: [(name: String, type: String, address: UInt64)]) -> [UInt8] {
    var bytes = little(UInt64(0))
    var place = rodata + 0x80
    for length in UInt64(1)...11 {
      bytes += little(link(place))
      place += length
    }
    bytes += [UInt8](repeating: 0, count: 0x80 - bytes.count)
    for nop in nops { bytes += nop }
    bytes += [UInt8](repeating: 0, count: 0xd0 - bytes.count)
    bytes += little(link(0x780)) + little(UInt64(0x1122_3344_5566_7788))
    bytes += [UInt8](repeating: 0, count: 0x100 - bytes.count)
    bytes += jumpLabels(at: 0x1100) + staticCalls(at: 0x1130)
    bytes += [UInt8](repeating: 0, count: 0x180 - bytes.count)
    var symbols = SampleImageKallsyms(.v6_12)
    symbols.before = bytes
    symbols.symbols = all
    return symbols.bytes()
  }

  /// `x86nops` in arch/x86/kernel/alternative.c (Linux v6.12).
  package static let nops: [[UInt8]] = [
    hex("90"), hex("66 90"), hex("0f 1f 00"), hex("0f 1f 40 00"), hex("0f 1f 44 00 00"), hex("66 0f 1f 44 00 00"),
    hex("0f 1f 80 00 00 00 00"), hex("0f 1f 84 00 00 00 00 00"), hex("66 0f 1f 84 00 00 00 00 00"),
    hex("66 2e 0f 1f 84 00 00 00 00 00"), hex("66 66 2e 0f 1f 84 00 00 00 00 00"),
  ]

  /// `struct jump_entry`: distances to the site and to the target, and a wide one to the key, with flags.
  ///
  /// - Parameters:
  ///   - order: which entry stands where; the kernel sorts them.
  ///   - flags: what the kernel adds to the last entry's key: 2 says that the site is in code of the initialisation.
  static func jumpLabels(at start: UInt64, order: [Int] = [0, 1, 2], flags: UInt64 = 0) -> [UInt8] {
    let entries: [(site: UInt64, target: UInt64, key: UInt64)] = [
      (0x1c0, 0x1e0, Variable.keyOn), (0x1c8, 0x1e0, Variable.keyOn), (0x1d0, 0x1e0, Variable.otherKeyOn | 1 | flags),
    ]
    return order.map { entries[$0] }.enumerated().flatMap { index, entry in
      let place = start + UInt64(index) * 16
      var bytes = distance(from: place, to: entry.site)
      bytes += distance(from: place + 4, to: entry.target)
      bytes += little(entry.key &- (place + 8))
      return bytes
    }
  }

  /// `struct static_call_site`: distances to the site and to the key, whose lowest bit says that it is a tail call.
  private static func staticCalls(at start: UInt64) -> [UInt8] {
    let entries: [(site: UInt64, key: UInt64)] = [
      (0x4c0, Variable.callTick), (0x4d0, Variable.callTick | 1), (0x4e0, Variable.callNone),
      (0x4f0, Variable.callNone | 1), (0x500, Variable.callZero), (0x510, Variable.callTick | 1),
    ]
    return entries.enumerated().flatMap { index, entry in
      let place = start + UInt64(index) * 8
      return distance(from: place, to: entry.site) + distance(from: place + 4, to: entry.key)
    }
  }

  private static let exported: [(name: String, place: UInt64)] = [
    ("__fentry__", 0x640), ("native_operation", 0x480), ("__x86_return_thunk", 0x400), ("key_on", Variable.keyOn),
  ]

  /// `struct kernel_symbol`: distances to the value, to the name, and to the namespace.
  private static var exports: [UInt8] {
    var bytes: [UInt8] = []
    var name: UInt64 = 0x6900
    for (index, symbol) in exported.enumerated() {
      let place = 0x6800 + UInt64(index) * 12
      bytes += distance(from: place, to: symbol.place)
      bytes += distance(from: place + 4, to: name)
      bytes += little(UInt32(0))
      name += UInt64(symbol.name.utf8.count) + 1
    }
    return bytes
  }

  private static var exportedNames: [UInt8] { exported.flatMap { Array($0.name.utf8) + [0] } }

  /// `struct alt_instr` of 14 bytes: site, replacement, feature, flags, their lengths.
  ///
  /// The processor has feature 3 and has not feature 4.
  private static var alternatives: [UInt8] {
    let entries: [(site: UInt64, replacement: UInt64, UInt16, UInt16, UInt8, UInt8)] = [
      (0x100, 0x9600, 3, 0, 5, 3), (0x108, 0x9600, 4, 0, 5, 3), (0x120, 0x9610, 4, 1, 5, 5),
      (0x130, 0x9620, 3, 2, 6, 5), (0x140, 0x9604, 3, 0, 3, 3), (0x140, 0x9610, 4, 0, 5, 5),
    ]
    return entries.enumerated().flatMap { index, entry in
      let place = 0x9400 + UInt64(index) * 14
      var bytes = distance(from: place, to: entry.site)
      bytes += distance(from: place + 4, to: entry.replacement)
      bytes += little(entry.2)
      bytes += little(entry.3)
      return bytes + [entry.4, entry.5]
    }
  }

  private static var replacements: [UInt8] {
    hex("0f 01 cb 00 0f 01 ca 00 00 00 00 00 00 00 00 00")  // stac; clac
      + hex("e8 2b 6a ff ff 00 00 00 00 00 00 00 00 00 00 00")  // 0x9610: call 0x40
      + hex("e8 1b 6e ff ff 00 00 00 00 00 00 00 00 00 00 00")  // 0x9620: call BUG_func at 0x440
  }
}
