import DecoderTrials
import KernelFormats
import KernelModel
import Testing

@Suite struct DwarfTests {
  private func types(_ bytes: [UInt8]) throws -> BTF {
    let types = try SampleDwarf.withSections(of: bytes) { (sections) throws(DwarfError) in try DwarfTypes.btf(sections)
    }
    let contents = VendorObject.Contents(copying: types)
    return try BTF(contents.bytes, owner: contents)
  }

  @Test(arguments: [5, 4])
  func `structures are laid out as the compiler did`(_ version: Int) throws {
    let types = try types(version == 5 ? SampleDwarf.version5 : SampleDwarf.version4)
    let sample = try #require(types.structure("sample"))
    #expect(sample.byteCount == 120)
    let places: [(String, Int, Int)] = [
      ("next", 0, 8), ("name", 8, 8), ("whole", 24, 8), ("half", 24, 8), ("half.y", 28, 4), ("grid", 32, 48),
      ("call", 80, 8), ("other", 88, 8), ("sign", 96, 4),
    ]
    for (path, offset, byteCount) in places {
      let member = try #require(sample.member(path), "\(path)")
      #expect(member.byteOffset == offset && member.byteCount == byteCount, "\(path): \(member)")
    }
    #expect(sample.member("room")?.elementCount == 0)
    #expect(sample.member("nothing") == nil)
    #expect(sample.structure(of: "next")?.structure.name == "sample")
    #expect(sample.structure(of: "other")?.structure.name == "other", "declared here, defined in the other file")
    #expect(types.structure("point")?.byteCount == 8)
  }

  @Test(arguments: [5, 4])
  func `bitfields are where the compiler put them`(_ version: Int) throws {
    let sample = try #require(try types(version == 5 ? SampleDwarf.version5 : SampleDwarf.version4).structure("sample"))
    // 3 bits, 7 bits and 22 bits of the word at 16: 5, 100 and -1.
    let word: UInt32 = 5 | 100 << 3 | 0x3f_ffff << 10
    func value(_ name: String) throws -> UInt64 {
      let member = try #require(sample.member(name))
      let bytes = UInt64(word) >> UInt64((member.byteOffset - 16) * 8)
      return member.bits(of: bytes)
    }
    #expect(try value("low") == 5)
    #expect(try value("middle") == 100)
    #expect(try value("high") == 0x3f_ffff)
    #expect(sample.member("high")?.isSigned == true && sample.member("low")?.isSigned == false)
  }

  @Test(arguments: [5, 4])
  func `constants and functions are told`(_ version: Int) throws {
    let types = try types(version == 5 ? SampleDwarf.version5 : SampleDwarf.version4)
    #expect(types.constants(of: "sign") == [-2: "MINUS", 3: "PLUS"])
    #expect(types.enumerationValue("wide", "WIDE") == 0x12_3456_789a)
    #expect(
      types.parameters(ofFunctions: "answer") == [["struct sample *", "const struct other *", "u64"]])
  }

  @Test(arguments: [5, 4])
  func `a name of two structures is nobody's`(_ version: Int) throws {
    let types = try types(version == 5 ? SampleDwarf.version5 : SampleDwarf.version4)
    #expect(types.structure("twice") == nil, "1 byte in one file, 32 in the other")
    // Each file means its own.
    #expect(types.structure("other")?.structure(of: "twice")?.structure.byteCount == 32)
  }

  @Test func `what is missing is told`() throws {
    #expect(throws: DwarfError.sectionMissing(".debug_info")) { try types([]) }
    var old = SampleDwarf.version5
    old[6] = 3
    #expect(throws: DwarfError.unsupported("its version", value: 3, at: 0)) { try types(old) }
    #expect(throws: DwarfError.truncated(at: 0)) { try types([4, 0, 200, 0, 0, 0, 0, 0, 0, 0]) }
  }
}
