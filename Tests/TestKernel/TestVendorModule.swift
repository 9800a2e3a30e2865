/// The file of a small module, as it lies in a package: relocatable, with tables of its own.
package struct TestVendorModule {
  package var file: TestVendorFile

  /// Numbers of the sections that tests change.
  package static let text = 1
  package static let relocationsOfText = 2
  package static let constants = 4

  package init(name: String = "sample") {
    let symbols = 14
    file = TestVendorFile(
      source: "/lib/modules/6.12.0-test/kernel/\(name).ko",
      sections: [
        .init("", type: 0, flags: 0, []),
        .init(
          ".text", flags: 6,
          // Function entry; mov $.rodata, %rdi; call native_operation; a static key; a return.
          hex("e8 00 00 00 00 48 c7 c7 00 00 00 00 e8 00 00 00 00 0f 1f 44 00 00 e9 00 00 00 00 cc cc cc cc cc")
            + hex("31 c0 c3"), alignment: 16),
        Self.relocations(
          of: 1,
          [
            (0x01, Symbol.fentry, 4, -4), (0x08, Symbol.constants, 11, 0), (0x0d, Symbol.nativeOperation, 4, -4),
            (0x17, Symbol.returnThunk, 4, -4),
          ]),
        .init(".init.text", flags: 6, hex("c3"), alignment: 16),
        .init(".rodata", flags: 2, Array("sample\0\0".utf8) + [UInt8](repeating: 0, count: 16), alignment: 8),
        Self.relocations(of: 4, [(0x08, Symbol.text, 1, 0), (0x10, Symbol.initialisation, 1, 0)]),
        .init("__mcount_loc", flags: 2, [UInt8](repeating: 0, count: 8), alignment: 8),
        Self.relocations(of: 6, [(0, Symbol.text, 1, 0)]),
        .init(".return_sites", flags: 2, [UInt8](repeating: 0, count: 4), alignment: 4),
        Self.relocations(of: 8, [(0, Symbol.text, 2, 0x16)]),
        .init("__jump_table", flags: 3, [UInt8](repeating: 0, count: 16), alignment: 8),
        Self.relocations(
          of: 10, [(0, Symbol.text, 2, 0x11), (4, Symbol.text, 2, 0x20), (8, Symbol.key, 24, 0)]),
        .init(".data", flags: 3, [UInt8](repeating: 7, count: 8), alignment: 8),
        .init(".note.gnu.build-id", type: 7, flags: 2, Array(1...16), alignment: 4),
        .init(".symtab", type: 2, flags: 0, [], link: UInt32(symbols + 1)),
        .init(".strtab", type: 3, flags: 0, []),
      ])
    var names: [UInt8] = [0]
    for symbol in Symbol.all {
      file.sections[symbols].bytes += little(UInt32(symbol.name.isEmpty ? 0 : names.count))
      file.sections[symbols].bytes += [symbol.info, 0] + little(symbol.section) + little(symbol.value)
      file.sections[symbols].bytes += little(UInt64(0))
      if !symbol.name.isEmpty { names += Array(symbol.name.utf8) + [0] }
    }
    file.sections[symbols + 1].bytes = names
  }

  /// A table of relocations: place, symbol, R_X86_64_* (1 is 64, 2 PC32, 4 PLT32, 11 32S, 24 PC64), addend.
  package static func relocations(
    of section: UInt32, _ entries: [(place: UInt64, symbol: UInt64, type: UInt64, addend: Int64)]
  ) -> TestVendorFile.Section {
    var bytes: [UInt8] = []
    for entry in entries {
      bytes += little(entry.place)
      bytes += little(entry.symbol << 32 | entry.type)
      bytes += little(entry.addend)
    }
    return .init(".rela", type: 4, flags: 0, bytes, info: section)
  }

  /// The symbol table.
  package enum Symbol {
    package static let text: UInt64 = 1
    package static let constants: UInt64 = 2
    package static let initialisation: UInt64 = 3
    package static let fentry: UInt64 = 4
    package static let nativeOperation: UInt64 = 5
    package static let returnThunk: UInt64 = 6
    package static let key: UInt64 = 7

    /// STT_SECTION is 3, STT_FUNC 2; STB_GLOBAL is 1, in the upper half.
    static let all: [(name: String, info: UInt8, section: UInt16, value: UInt64)] = [
      ("", 0, 0, 0), ("", 3, 1, 0), ("", 3, 4, 0), ("", 3, 3, 0), ("__fentry__", 0x10, 0, 0),
      ("native_operation", 0x10, 0, 0), ("__x86_return_thunk", 0x10, 0, 0), ("key_on", 0x10, 0, 0),
      ("sample_read", 2, 1, 0), ("sample_exit", 2, 1, 0x20), ("init_module", 0x12, 3, 0),
    ]
  }
}
