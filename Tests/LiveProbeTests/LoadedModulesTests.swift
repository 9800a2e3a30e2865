import KernelModel
import LiveProbe
import Testing

@Suite struct LoadedModulesTests {
  let system: SmallSystem
  var fixture: FixtureRoot { system.fixture }

  init() throws { system = try SmallSystem() }

  /// Reads without waiting between two readings; `meanwhile` runs there instead.
  private func read(meanwhile: (Int) -> Void = { _ in }) throws(Withheld) -> LoadedModules {
    var waits = 0
    return try LoadedModules.read(system.root) {
      meanwhile(waits)
      waits += 1
    }
  }

  @Test func `modules on which all sources agree are listed without a word`() throws {
    let loaded = try read { _ in Issue.record("nothing had to be looked at again") }
    #expect(loaded.modules.map(\.name) == ["dummy", "veth"])
    #expect(loaded.modules[1].taints == "OE")
    #expect(loaded.modules[0].sections == [ModuleSection(name: ".text", address: KernelAddress(0xffff_ffff_c000_1000))])
    #expect(loaded.modules.allSatisfy { $0.disagreements.isEmpty })
    #expect(loaded.remarks.isEmpty)
  }

  @Test func `a text section elsewhere than the list says is a disagreement`() throws {
    try system.writeModule("veth", byteCount: 32768, text: 0xffff_ffff_c0ff_8000)
    let loaded = try read()
    #expect(loaded.modules[0].disagreements.isEmpty)
    #expect(
      loaded.modules[1].disagreements == [
        "/proc/modules says it starts at 0xffffffffc0008000, /sys/module puts its .text at 0xffffffffc0ff8000"
      ])
  }

  @Test func `a module that starts with another section than its text is not a disagreement`() throws {
    try system.writeModule("veth", byteCount: 32768, text: 0xffff_ffff_c000_8040)
    try fixture.write("0xffffffffc0008000\n", to: "sys/module/veth/sections/.noinstr.text")
    #expect(try read().modules[1].disagreements.isEmpty)
    try fixture.remove("sys/module/veth/sections/.noinstr.text")
    #expect(try read().modules[1].disagreements.count == 1)
  }

  @Test func `a size that differs is a disagreement`() throws {
    try fixture.write("4096\n", to: "sys/module/dummy/coresize")
    #expect(try read().modules[0].disagreements == ["/proc/modules says 16384 bytes, /sys/module 4096"])
  }

  @Test func `a module without its folder, or that looks built in, is a disagreement`() throws {
    try fixture.remove("sys/module/dummy")
    try fixture.remove("sys/module/veth/initstate")
    let loaded = try read()
    #expect(loaded.modules[0].disagreements == ["/proc/modules lists it, and /sys/module has no folder for it"])
    #expect(loaded.modules[1].disagreements == ["/sys/module/veth has no initstate, as if it were built in"])
  }

  @Test func `a module that only sysfs knows is a remark, not a module`() throws {
    try system.writeModule("stranger", byteCount: 4096, text: 0xffff_ffff_c0aa_0000)
    let loaded = try read()
    #expect(loaded.modules.map(\.name) == ["dummy", "veth"])
    #expect(loaded.remarks == ["/sys/module has a loaded module stranger that /proc/modules does not list"])
  }

  @Test func `without sysfs nothing is said to be missing from it`() throws {
    try fixture.remove("sys")
    let loaded = try read()
    #expect(loaded.modules.count == 2)
    #expect(loaded.modules.allSatisfy { $0.disagreements.isEmpty && $0.sections.isEmpty })
    #expect(loaded.remarks.isEmpty)
  }

  @Test func `withheld addresses are no disagreement`() throws {
    try fixture.write(
      "dummy 16384 0 - Live 0x0000000000000000\nveth 32768 0 - Live 0x0000000000000000\n", to: "proc/modules")
    try fixture.write("0x0000000000000000\n", to: "sys/module/veth/sections/.text")
    let loaded = try read()
    #expect(loaded.modules.allSatisfy { $0.base == nil && $0.disagreements.isEmpty })
    #expect(loaded.modules[1].sections.isEmpty)
  }

  @Test func `a module that is gone when looked at again was only being unloaded`() throws {
    try fixture.remove("sys/module/dummy")
    let fixture = fixture
    let loaded = try read { _ in
      #expect(throws: Never.self) {
        try fixture.write("veth 32768 0 - Live 0xffffffffc0008000 (OE)\n", to: "proc/modules")
      }
    }
    #expect(loaded.modules.map(\.name) == ["veth"])
    #expect(loaded.modules[0].disagreements.isEmpty)
    #expect(loaded.remarks.isEmpty)
  }

  @Test func `a module whose folder comes later was only being loaded`() throws {
    try fixture.remove("sys/module/dummy")
    let system = system
    let loaded = try read { _ in
      #expect(throws: Never.self) { try system.writeModule("dummy", byteCount: 16384, text: 0xffff_ffff_c000_1000) }
    }
    #expect(loaded.modules.allSatisfy { $0.disagreements.isEmpty })
  }

  @Test func `a stranger in sysfs that goes away was only being unloaded`() throws {
    try system.writeModule("stranger", byteCount: 4096, text: 0xffff_ffff_c0aa_0000)
    let fixture = fixture
    var isGone = false
    let loaded = try read { _ in
      if !isGone { #expect(throws: Never.self) { try fixture.remove("sys/module/stranger") } }
      isGone = true
    }
    #expect(isGone)
    #expect(loaded.remarks.isEmpty)
  }

  @Test func `a module on its way in or out is not judged`() throws {
    try fixture.write("dummy 16384 0 - Unloading 0xffffffffc0001000 (-)\n", to: "proc/modules")
    try fixture.remove("sys/module/dummy")
    try fixture.remove("sys/module/veth")
    #expect(try read().modules[0].disagreements.isEmpty)
  }

  @Test func `a name that could lead out of the folder is not used as one`() throws {
    try fixture.write("../../proc 16384 0 - Live 0xffffffffc0001000\n", to: "proc/modules")
    try fixture.remove("sys/module/dummy")
    try fixture.remove("sys/module/veth")
    #expect(
      try read().modules[0].disagreements == ["/proc/modules lists it, and /sys/module has no folder for it"])
  }

  @Test func `a missing list and one of nonsense are withheld, each in its words`() throws {
    try fixture.write("nonsense\n", to: "proc/modules")
    let nonsense = #expect(throws: Withheld.self) { try read() }
    #expect(nonsense?.why.contains("makes no sense") == true)
    try fixture.remove("proc/modules")
    let missing = #expect(throws: Withheld.self) { try read() }
    #expect(missing?.remedy.contains("CONFIG_MODULES") == true)
  }
}
