import DecoderTrials
import KernelFormats
import KernelModel
import TestKernel
import Testing

@Suite struct BTFTests {
  /// The bytes are kept by the value that is decoded.
  private func decode(_ bytes: [UInt8]) throws(BTFError) -> BTF {
    let contents = VendorObject.Contents(copying: bytes)
    return try BTF(contents.bytes, owner: contents)
  }

  private func module() throws -> BTF.Structure {
    try #require(try decode(SampleBTF.module.bytes()).structure("module"))
  }

  @Test func `a member is found by its name`() throws {
    let module = try module()
    #expect(module.byteCount == 344)
    #expect(module.member("state") == BTF.Member(byteOffset: 0, byteCount: 4, elementByteCount: 4))
    #expect(module.member("late") == nil, "it would end behind the structure")
    #expect(module.member("nothing") == nil)
    #expect(module.member("stat") == nil)
    #expect(module.member("states") == nil)
    #expect(module.member("") == nil)
  }

  @Test func `the types of a function's parameters are told as C writes them`() throws {
    var types = SampleBTF()
    let char = types.integer("char", 1)
    let file = types.structure("seq_file", 8, [])
    let size = types.add(8, "size_t", size: types.integer("unsigned long", 8))
    let void = types.add(2)
    let text = types.add(2, size: types.add(10, size: char))
    types.function("show", [types.add(2, size: file), void, text, size])
    types.function("show", [])
    let bytes = types.bytes()
    let btf = try decode(bytes)
    #expect(
      btf.parameters(ofFunctions: "show") == [["struct seq_file *", "void *", "const char *", "size_t"], []])
    #expect(btf.parameters(ofFunctions: "sho").isEmpty)
    let none = SampleBTF(splitFrom: types).bytes()
    let contents = VendorObject.Contents(copying: none)
    #expect(try BTF(contents.bytes, owner: contents, base: btf).parameters(ofFunctions: "show").count == 2)
  }

  @Test func `a pointer that points to itself ends`() throws {
    var types = SampleBTF()
    types.function("endless", [types.add(2, size: 1)])
    #expect(try decode(types.bytes()).parameters(ofFunctions: "endless") == [[""]])
  }

  /// A module's types: a structure that holds one of the kernel's, one of its own, and names from both.
  private func split() throws -> BTF {
    let base = SampleBTF.module
    var own = SampleBTF(splitFrom: base)
    // The kernel's second type is `unsigned int`, its third a pointer.
    let inner = own.structure("module", 8, [("mine", 2, 0)])
    own.structure("device_state", 24, [("state", 2, 0), ("buffer", 3, 8 * 8), ("inner", inner, 16 * 8)])
    own.enumeration("device_mode", [("MODE_OFF", 7)])
    let kernels = VendorObject.Contents(copying: base.bytes())
    let modules = VendorObject.Contents(copying: own.bytes())
    return try BTF(modules.bytes, owner: modules, base: BTF(kernels.bytes, owner: kernels))
  }

  @Test func `a module's types count on from the kernel's`() throws {
    let btf = try split()
    #expect(btf.typeCount == Int(SampleBTF.module.typeCount) + 3)
    let state = try #require(btf.structure("device_state"))
    #expect(state.member("state") == BTF.Member(byteOffset: 0, byteCount: 4, elementByteCount: 4))
    #expect(state.member("buffer") == BTF.Member(byteOffset: 8, byteCount: 8, elementByteCount: 8))
    #expect(state.member("inner.mine")?.byteOffset == 16)
    #expect(btf.enumerationValue("device_mode", "MODE_OFF") == 7)
    // What the module does not have is the kernel's; what both have is the module's.
    #expect(btf.structure("bits")?.member("one") != nil)
    #expect(btf.enumerationValue("wide", "WIDE") == 1 << 40)
    #expect(btf.structure("module")?.byteCount == 8)
  }

  @Test func `a module's types alone are refused, or lead nowhere`() throws {
    var own = SampleBTF(splitFrom: SampleBTF.module)
    own.structure("alone", 8, [("far", 4000, 0)])
    #expect(throws: BTFError.self) { try decode(own.bytes()) }
    let kernels = VendorObject.Contents(copying: SampleBTF.module.bytes())
    let modules = VendorObject.Contents(copying: own.bytes())
    let btf = try BTF(modules.bytes, owner: modules, base: BTF(kernels.bytes, owner: kernels))
    #expect(btf.structure("alone")?.member("far") == nil)
  }

  @Test func `arrays tell their elements`() throws {
    let module = try module()
    #expect(
      module.member("name") == BTF.Member(byteOffset: 8, byteCount: 56, elementCount: 56, elementByteCount: 1))
    #expect(
      module.member("mem") == BTF.Member(byteOffset: 104, byteCount: 168, elementCount: 7, elementByteCount: 24))
    #expect(
      module.member("matrix") == BTF.Member(byteOffset: 272, byteCount: 24, elementCount: 2, elementByteCount: 12))
    #expect(
      module.member("args") == BTF.Member(byteOffset: 344, byteCount: 0, elementCount: 0, elementByteCount: 24))
  }

  @Test func `a path goes into structures, through typedefs and arrays`() throws {
    let module = try module()
    #expect(
      module.member("core_layout.text_size") == BTF.Member(byteOffset: 76, byteCount: 4, elementByteCount: 4))
    #expect(module.member("mem.size") == BTF.Member(byteOffset: 112, byteCount: 4, elementByteCount: 4))
    #expect(module.member("core_layout") == BTF.Member(byteOffset: 64, byteCount: 24, elementByteCount: 24))
    for path in ["core_layout.", ".core_layout", "core_layout..base", "state.base", "matrix.base", "base", "args.base"]
    {
      #expect(module.member(path) == nil, "\(path)")
    }
  }

  @Test func `members of anonymous structures and unions go by their own names`() throws {
    let module = try module()
    #expect(module.member("first")?.byteOffset == 88)
    #expect(module.member("taints") == BTF.Member(byteOffset: 96, byteCount: 4, elementByteCount: 4))
    #expect(module.member("whole") == BTF.Member(byteOffset: 96, byteCount: 8, elementByteCount: 8))
  }

  @Test func `bitfields tell their bits`() throws {
    let btf = try decode(SampleBTF.module.bytes())
    let bits = try #require(btf.structure("bits"))
    #expect(bits.member("low") == BTF.Member(byteOffset: 0, byteCount: 4, elementByteCount: 4))
    #expect(
      bits.member("wide")
        == BTF.Member(byteOffset: 3, byteCount: 2, elementByteCount: 2, bitOffset: 4, bitCount: 12))
    #expect(
      bits.member("one") == BTF.Member(byteOffset: 5, byteCount: 1, elementByteCount: 1, bitOffset: 0, bitCount: 1))
    // Without the kind flag, the integer itself has few bits.
    #expect(
      btf.structure("module")?.member("old")
        == BTF.Member(byteOffset: 296, byteCount: 1, elementByteCount: 1, bitOffset: 3, bitCount: 5))
    #expect(btf.structure("module")?.member("odd") == nil, "no bitfield, and yet not at a byte")
  }

  @Test func `a name of two structures that differ is nobody's`() throws {
    var btf = SampleBTF()
    let int = btf.integer("int", 4)
    for size: UInt32 in [4, 4, 8] {
      btf.structure("same", 4, [("number", int, 0)])
      btf.structure("other", size, [("number", int, 0)])
    }
    let decoded = try decode(btf.bytes())
    #expect(decoded.structure("same")?.member("number")?.byteCount == 4)
    #expect(decoded.structure("other")?.byteCount == nil)
  }

  @Test func `a function has no size`() throws {
    #expect(try module().member("function") == nil)
  }

  @Test func `constants are found, signed or not, and only if they are unique`() throws {
    let btf = try decode(SampleBTF.module.bytes())
    #expect(btf.enumerationValue("mod_mem_type", "MOD_DATA") == 1)
    #expect(btf.enumerationValue(nil, "MOD_DATA") == 1)
    #expect(btf.enumerationValue("signs", "MOD_DATA") == nil)
    #expect(btf.enumerationValue(nil, "MOD_TOP") == 1 << 31)
    #expect(btf.enumerationValue(nil, "MINUS") == -1)
    #expect(btf.enumerationValue(nil, "WIDE") == 1 << 40)
    #expect(btf.enumerationValue(nil, "SHARED") == 3)
    #expect(btf.enumerationValue(nil, "TWICE") == nil)
    #expect(btf.enumerationValue("signs", "TWICE") == 1)
    #expect(btf.enumerationValue(nil, "NOTHING") == nil)
  }

  @Test func `structures that contain themselves end the search`() throws {
    var btf = SampleBTF()
    // Each holds itself thirty times over: without a limit, 30 to the power of the depth.
    btf.structure("endless", 8, (0..<30).map { _ in ("", 1, 0) })
    btf.add(8, "around", size: 3)  // typedefs of each other
    btf.add(8, "about", size: 2)
    btf.structure("lost", 8, [("circle", 2, 0), ("beyond", 99, 0), ("tower", 5, 0)])
    _ = btf.array(of: 5, 2)  // of itself
    let decoded = try decode(btf.bytes())
    #expect(try #require(decoded.structure("endless")).member("wanted") == nil)
    let lost = try #require(decoded.structure("lost"))
    for path in ["circle", "beyond", "tower", "tower.base"] { #expect(lost.member(path) == nil, "\(path)") }
  }

  @Test func `a kind that is not known is stepped over if the layout section tells how`() throws {
    var btf = SampleBTF()
    btf.add(20, "new", count: 2, details: [UInt8](repeating: 0xee, count: 4 + 2 * 8))
    btf.structure("after", 8, [])
    #expect(throws: BTFError.unknownKind(type: 1, kind: 20)) { try decode(btf.bytes()) }
    let layout = [UInt8](repeating: 0, count: 80) + [4, 8, 0, 0]
    #expect(try decode(btf.bytes(layout: layout)).structure("after")?.byteCount == 8)
    #expect(throws: BTFError.unknownKind(type: 1, kind: 20)) { try decode(btf.bytes(layout: layout.dropLast())) }
  }

  @Test func `what is no BTF is refused, in words`() {
    let good = SampleBTF.module.bytes()
    func changed(_ offset: Int, _ value: UInt8) -> [UInt8] {
      var bytes = good
      bytes[offset] = value
      return bytes
    }
    #expect(throws: BTFError.truncated("the BTF header", needed: 24, available: 0)) { try decode([]) }
    #expect(throws: BTFError.bigEndian) { try decode([0xeb, 0x9f] + good.dropFirst(2)) }
    #expect(throws: BTFError.notBTF(magic: 0x457f)) { try decode([0x7f, 0x45, 0x4c, 0x46]) }
    #expect(throws: BTFError.unsupported(field: "version", value: 2)) { try decode(changed(2, 2)) }
    #expect(throws: BTFError.unsupported(field: "hdr_len", value: 23)) { try decode(changed(4, 23)) }
    #expect(throws: BTFError.unterminatedNames) { try decode(changed(good.count - 1, 1)) }
    #expect(
      throws: BTFError.truncated(
        "the BTF string section", needed: UInt64(good.count), available: UInt64(good.count - 1))
    ) { try decode(Array(good.dropLast())) }
    var cut = SampleBTF()
    cut.add(4, "cut", count: 2, size: 8, details: [UInt8](repeating: 0, count: 12))
    #expect(throws: BTFError.truncated("BTF type 1", needed: 36, available: 24)) { try decode(cut.bytes()) }
  }
}
