import KernelModel
import LiveProbe
import Testing

@Suite struct ModuleFilesTests {
  let fixture: FixtureRoot

  init() throws { fixture = try FixtureRoot() }

  private func refusal(release: String) -> Withheld? {
    #expect(throws: Withheld.self) {
      try ModuleFiles(fixture.root, release: release).moduleFile(named: "dummy")
    }
  }

  @Test func `without a folder of modules the file is withheld, and the folder named`() {
    #expect(refusal(release: "6.1.0-9-test")?.why.contains("lib/modules/6.1.0-9-test") == true)
  }

  @Test(arguments: ["", "..", "../../etc"]) func `a release that is no folder's name leads nowhere`(release: String) {
    #expect(refusal(release: release)?.why.hasPrefix("there is no folder") == true)
  }

  @Test func `without an index the file is withheld, and depmod named`() throws {
    try fixture.makeFolder("lib/modules/6.1.0-9-test")
    #expect(refusal(release: "6.1.0-9-test")?.remedy == "run depmod -a for 6.1.0-9-test")
  }

  @Test func `an index of nonsense names no module and does no harm`() throws {
    for bytes in [[], [UInt8](repeating: 0xff, count: 64), Array("nonsense".utf8)] {
      try fixture.write(bytes, to: "lib/modules/6.1.0-9-test/modules.dep.bin")
      #expect(refusal(release: "6.1.0-9-test")?.why.contains("does not name it") == true)
    }
  }
}
