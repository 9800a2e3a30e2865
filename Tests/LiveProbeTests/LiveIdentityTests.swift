import KernelFormats
import KernelModel
import LiveProbe
import Testing

@Suite struct LiveIdentityTests {
  let system: SmallSystem

  init() throws { system = try SmallSystem() }

  private func read() throws -> LiveIdentity {
    let kcore = try ProcKcore(system.root)
    return LiveIdentity.read(system.root, kcore: kcore, symbols: try ProcKallsyms.read(system.root).symbols)
  }

  @Test func `a healthy kernel's sources agree`() throws {
    let live = try read()
    #expect(live.identity.release == "6.1.0-9-test")
    #expect(live.identity.machine == "x86_64")
    #expect(live.identity.claimedBuildID == .success(BuildID(bytes: SmallSystem.buildID)))
    #expect(live.identity.buildIDInMemory == .success(BuildID(bytes: SmallSystem.buildID)))
    #expect(live.identity.kaslrOffset == .success(0))
    #expect(live.remarks.isEmpty)
  }

  @Test func `build ids that differ are remarked`() throws {
    var notes = SmallSystem.noteBytes
    notes[notes.count - 1] ^= 1
    try system.fixture.write(notes, to: "sys/kernel/notes")
    let remarks = try read().remarks
    #expect(remarks.count == 1)
    #expect(remarks.first?.hasPrefix("/sys/kernel/notes says build id 0102") == true)
  }

  @Test func `without symbols for the notes VMCOREINFO tells the build id in memory`() throws {
    try system.fixture.write("ffffffff81000000 T _text\n", to: "proc/kallsyms")
    #expect(try read().identity.buildIDInMemory == .success(BuildID(bytes: SmallSystem.buildID)))
    system.vmcoreInfo = "OSRELEASE=6.1.0-9-test\n"
    try system.writeKcore()
    #expect(throws: Withheld.self) { try read().identity.buildIDInMemory.get() }
  }

  @Test func `a note section of nonsense size is withheld`() throws {
    try system.fixture.write(
      "ffffffff81000000 T _text\nffffffff81005000 R __start_notes\nffffffffff005024 R __stop_notes\n",
      to: "proc/kallsyms")
    let error = #expect(throws: Withheld.self) { try read().identity.buildIDInMemory.get() }
    #expect(error?.why.contains("no sensible size") == true)
  }

  @Test func `missing or senseless notes in sysfs are withheld`() throws {
    try system.fixture.write([1, 2, 3], to: "sys/kernel/notes")
    #expect(throws: Withheld.self) { try read().identity.claimedBuildID.get() }
    try system.fixture.remove("sys/kernel/notes")
    #expect(throws: Withheld.self) { try read().identity.claimedBuildID.get() }
  }

  @Test func `the KASLR offset must fit where the kernel is`() throws {
    system.vmcoreInfo = "KERNELOFFSET=ffffffff00000000\n"
    try system.writeKcore()
    let live = try read()
    #expect(throws: Withheld.self) { try live.identity.kaslrOffset.get() }
    #expect(live.remarks.count == 1)
    system.vmcoreInfo = "KERNELOFFSET=200000\n"
    try system.writeKcore()
    let odd = try read()
    #expect(odd.identity.kaslrOffset == .success(0x20_0000))
    #expect(odd.remarks.first?.hasPrefix("the kernel was linked to start at 0xffffffff80e00000") == true)
  }

  @Test func `without VMCOREINFO the KASLR offset is not known`() throws {
    system.vmcoreInfo = ""
    try system.writeKcore()
    #expect(throws: Withheld.self) { try read().identity.kaslrOffset.get() }
  }

  @Test func `a _stext elsewhere than VMCOREINFO says is remarked`() throws {
    system.vmcoreInfo += "\n"
    system.vmcoreInfo = system.vmcoreInfo.replacing(
      "SYMBOL(_stext)=ffffffff81000000", with: "SYMBOL(_stext)=ffffffff81000040")
    try system.writeKcore()
    #expect(
      try read().remarks == [
        "VMCOREINFO puts _stext at 0xffffffff81000040, /proc/kallsyms at 0xffffffff81000000: one of them lies"
      ])
  }
}
