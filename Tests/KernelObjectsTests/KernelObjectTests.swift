import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct KernelObjectTests {
  private let kernel: TestObjects
  private let place: UInt64

  init() throws {
    kernel = try TestObjects(ObjectTypes.bytes)
    place =
      kernel.make("object") {
        $0["word"] = 0x1122_3344_8899_aabb
        $0["small"] = 0xfffe
        $0["inner.low"] = 7
        $0["inner.high"] = 8
        $0["unnamed.mark"] = 9
        $0["shorts"] = 0x8000
      }.address
    kernel.memory.write([0b1011_0111], at: KernelAddress(place + 10))
    kernel.name("object", place)
  }

  private var object: KernelObject {
    get throws { try kernel.snapshot.object("object", at: place) }
  }

  private func write(_ word: UInt64, _ path: String) throws {
    kernel.memory.write(word, at: KernelAddress(try object.address(of: path)))
  }

  @Test func `a member is read as wide as it is`() throws {
    let object = try object
    let word: UInt64 = try object["word"]
    #expect(word == 0x1122_3344_8899_aabb)
    let low: UInt32 = try object["inner.low"]
    #expect(low == 7)
    // A narrower one is widened, by its own sign; what lies behind it is not taken along.
    let wide: UInt64 = try object["inner.low"]
    #expect(wide == 7)
    #expect(try object["small"] == Int16(-2))
    #expect(try object["small"] == Int64(-2))
    #expect(try object["small"] == UInt64.max - 1)
    #expect(try object["inner.high"] == Int64(8))
    // Bits, and the first element of an array.
    #expect(try object["bits"] == UInt8(0b10110))
    #expect(try object["bits"] == UInt64(0b10110))
    #expect(try object["shorts"] == Int16.min)
    #expect(try object.valueIfAny("inner.low", as: UInt32.self) == 7)
    #expect(try object.valueIfAny("none") == nil)
    #expect(object.has("inner.low") && !object.has("inner.none"))
  }

  @Test func `a member that there is not, or that is wider than it is known to be, is unknown`() throws {
    let object = try object
    for path in ["none", "inner.none", "word.low", "", "inner."] {
      #expect(throws: CannotCheck.layoutUnknown(structure: "object", member: path)) { () throws -> UInt64 in
        try object[path]
      }
    }
    #expect(throws: CannotCheck.layoutUnknown(structure: "object", member: "word")) { () throws -> UInt32 in
      try object["word"]
    }
    #expect(throws: CannotCheck.layoutUnknown(structure: "object", member: "array")) { () throws -> UInt32 in
      try object["array"]
    }
    #expect(throws: CannotCheck.layoutUnknown(structure: "nothing")) {
      try kernel.snapshot.object("nothing", at: place)
    }
  }

  @Test func `what cannot be read says where`() throws {
    let lost: UInt64 = 0xffff_1000_0000_0000
    let object = try kernel.snapshot.object("object", at: lost)
    #expect(try object.address(of: "next") == lost + 56)
    for path in ["word", "bits", "inner.low"] {
      #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(lost)))) { () throws -> UInt64 in
        try object[path]
      }
    }
    // The first half can be read.
    let split = try kernel.snapshot.object("object", at: (place & ~4095) + 4096 - 4)
    #expect(throws: CannotCheck.self) { () throws -> UInt64 in try split["word"] }
    #expect(throws: CannotCheck.self) { () throws -> UInt64 in
      try kernel.snapshot.object("object", at: .max - 20)["inner.low"]
    }
  }

  @Test func `a structure within a structure is an object`() throws {
    let object = try object
    let inner = try object.member("inner")
    #expect(inner.type.name == "inner" && inner.address == place + 16)
    #expect(try inner["high"] == UInt32(8))
    #expect(inner.type === kernel.snapshot.types.typeIfAny("inner"))
    #expect(try object.member("array", 2).address == place + 24 + 16)
    #expect(try object.member("array", 2).type === inner.type)
    // An array that takes what room there is has no length.
    #expect(try object.member("whole", 3).address == place + 96 + 24)
    // One without a name is called after the member.
    let unnamed = try object.member("unnamed")
    #expect(try unnamed["mark"] == UInt32(9))
    #expect(throws: CannotCheck.layoutUnknown(structure: "object.unnamed", member: "none")) { () throws -> UInt32 in
      try unnamed["none"]
    }
    for (path, index) in [("array", 3), ("array", -1), ("inner", 1), ("word", 0), ("next", 0), ("none", 0)] {
      #expect(throws: CannotCheck.layoutUnknown(structure: "object", member: path)) {
        try object.member(path, index)
      }
    }
    #expect(try inner.container("object", member: "inner").address == place)
    #expect(throws: CannotCheck.layoutUnknown(structure: "object", member: "none")) {
      try inner.container("object", member: "none")
    }
  }

  @Test func `a pointer leads to an object, or to none`() throws {
    #expect(try object.target("next") == nil)
    let thing = kernel.make("thing")
    thing.set("name", to: "a name")
    try write(place, "next")
    try write(thing.address, "far")
    let object = try object
    let next = try #require(try object.target("next"))
    #expect(next.address == place && next.type === object.type)
    // The pointer's type says the name only.
    let far = try #require(try object.target("far"))
    #expect(far.type.name == "thing")
    #expect(try far.text("name") == "a name")
    // Where the type says nothing, the caller does.
    #expect(try object.target("far", as: "thing")?.address == thing.address)
    #expect(try object.target("word", as: "thing")?.address == 0x1122_3344_8899_aabb)
    for path in ["word", "inner", "none"] {
      #expect(throws: CannotCheck.layoutUnknown(structure: "object", member: path)) { try object.target(path) }
    }
    #expect(throws: CannotCheck.layoutUnknown(structure: "nothing")) { try object.target("far", as: "nothing") }
  }

  @Test func `variables are objects or lead to them`() throws {
    let snapshot = kernel.snapshot
    #expect(try snapshot.object("object", named: "object")?.address == place)
    #expect(try snapshot.object("object", named: "none") == nil)
    #expect(try snapshot.target("thing", of: "object")?.address == 0x1122_3344_8899_aabb)
    #expect(try snapshot.target("thing", of: "none") == nil)
    try write(0, "word")
    #expect(try kernel.snapshot.target("thing", of: "object") == nil)
  }
}
