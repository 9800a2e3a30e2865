import Files
import Glibc
import KernelModel
import Testing

@testable import LiveProbe

@Suite struct PreflightTests {
  let system: SmallSystem
  var fixture: FixtureRoot { system.fixture }

  init() throws { system = try SmallSystem() }

  private func state(_ need: Preflight.Need) throws -> Preflight.State {
    let items = Preflight.examine(system.root).items
    return try #require(items.first { $0.need == need }).state
  }

  private func withheld(_ need: Preflight.Need) throws -> Withheld {
    guard case .withheld(let withheld) = try state(need) else { throw Unexpected() }
    return withheld
  }

  private func absent(_ need: Preflight.Need) throws -> Withheld {
    guard case .absent(let withheld) = try state(need) else { throw Unexpected() }
    return withheld
  }

  @Test func `a healthy system has all but libkmod's index`() throws {
    let preflight = Preflight.examine(system.root)
    #expect(preflight.canScan)
    #expect(preflight.items.map(\.need) == Preflight.Need.allCases)
    #expect(preflight.items.filter { !$0.state.isAvailable }.map(\.need) == [.moduleIndex])
    #expect(try state(.kallsyms) == .available("10 symbols"))
    #expect(try state(.modules) == .available("2 modules"))
  }

  @Test func `an empty root has nothing, and each thing says what to do`() throws {
    let empty = try FixtureRoot()
    let preflight = Preflight.examine(empty.root)
    #expect(!preflight.canScan)
    #expect(preflight.missing.map(\.need) == [.procfs, .kcore, .kallsyms])
    for item in preflight.items {
      if case .available = item.state { #expect([.architecture, .host].contains(item.need), "\(item)") }
    }
  }

  /// Damage one file at a time, in each way: whatever is said of it, something can be done.
  @Test(arguments: [
    "proc/kcore", "proc/kallsyms", "proc/modules", "sys/module", "sys/kernel/notes", "sys/kernel/btf/vmlinux", "proc",
    "sys",
  ]) func `what cannot be used comes with a remedy`(file: String) throws {
    func requireRemedies(_ damage: String) {
      for item in Preflight.examine(system.root).items {
        switch item.state {
        case .available: continue
        case .withheld(let withheld), .absent(let withheld), .edited(let withheld):
          #expect(!withheld.remedy.isEmpty, "\(file) \(damage): \(item)")
        }
      }
    }
    if file.split(separator: "/").count > 1, file != "sys/module" {
      if system.root.exists(file) { try fixture.remove(file) }
      for text in ["", "nonsense\n", "0000000000000000 T _stext\n"] {
        try fixture.write(text, to: file)
        requireRemedies("holding '\(text)'")
      }
    }
    if system.root.exists(file) { try fixture.remove(file) }
    requireRemedies("removed")
  }

  @Test func `a kernel without kcore is told from a /proc that is not whole`() throws {
    try fixture.remove("proc/kcore")
    #expect(try absent(.kcore).remedy.contains("CONFIG_PROC_KCORE"))
    try fixture.remove("proc/version")
    #expect(try absent(.kcore).why.contains("subset=pid"))
    try fixture.remove("proc")
    #expect(try absent(.kcore).why == "/proc is not mounted")
    #expect(!Preflight.examine(system.root).canScan)
  }

  @Test func `an empty file or a pipe in kcore's place is withheld`() throws {
    try fixture.write("", to: "proc/kcore")
    #expect(try withheld(.kcore).why == "it ended after 0 bytes, inside its own header")
    try fixture.remove("proc/kcore")
    try fixture.makePipe("proc/kcore")
    #expect(try withheld(.kcore).why.contains("container"))
    try fixture.remove("proc/kcore")
    try fixture.makeLink("proc/kcore", to: "/dev/null")
    #expect(try withheld(.kcore).why == "a symbolic link stands in its place")
    try fixture.remove("proc/kcore")
    try fixture.write([UInt8](repeating: 0, count: 4096), to: "proc/kcore")
    #expect(try withheld(.kcore).why.contains("no Linux kernel writes this"))
  }

  @Test func `a kcore whose header can be read and whose memory cannot is withheld`() throws {
    var core = CoreImage()
    core.loads = [.init(address: SmallSystem.text, physical: 0, bytes: [UInt8](repeating: 0, count: 8192))]
    let bytes = core.encoded()
    try fixture.write(Array(bytes[..<(bytes.count - 8000)]), to: "proc/kcore")
    #expect(try withheld(.kcore).why.contains("its memory cannot"))
    #expect(!Preflight.examine(system.root).canScan)
  }

  @Test func `a refusal is laid at the door of the guard that refuses`() {
    func why(_ errno: Int32, capabilities: UInt64?, lockdown: String?, isInUserNamespace: Bool = false) -> String {
      let confinement = Confinement(
        effectiveCapabilities: capabilities, lockdown: lockdown, signsOfContainer: [],
        isInUserNamespace: isInUserNamespace)
      let fault = FileFault(path: "/proc/kcore", operation: .open, reason: .refused(errno: errno))
      let state = KcorePreflight(root: system.root, confinement: confinement).state(.failure(.file(fault)))
      guard case .withheld(let withheld) = state else { return "\(state)" }
      return withheld.why
    }
    let all = UInt64.max
    #expect(why(EPERM, capabilities: all, lockdown: "confidentiality").contains("lockdown=confidentiality"))
    #expect(why(EPERM, capabilities: 0, lockdown: "none").contains("CAP_SYS_RAWIO"))
    #expect(why(EPERM, capabilities: all & ~(1 << 17), lockdown: nil).contains("lacks CAP_SYS_RAWIO"))
    #expect(why(EACCES, capabilities: nil, lockdown: nil).contains("root"))
    #expect(why(EPERM, capabilities: all, lockdown: nil, isInUserNamespace: true).contains("user namespace"))
    #expect(why(EPERM, capabilities: all, lockdown: nil).contains("cannot be read to tell which"))
    #expect(why(EPERM, capabilities: all, lockdown: "integrity").contains("a security module refuses"))
  }

  @Test func `zeros in kallsyms are withheld, by the setting that is to blame`() throws {
    try fixture.write("0000000000000000 T _text\n0000000000000000 D sys_call_table\n", to: "proc/kallsyms")
    try fixture.write("2\n", to: "proc/sys/kernel/kptr_restrict")
    #expect(try withheld(.kallsyms).why.contains("kptr_restrict is 2"))
    try fixture.write("1\n", to: "proc/sys/kernel/kptr_restrict")
    #expect(try withheld(.kallsyms).remedy == "find out what filters it")
    try fixture.write("CapEff:\t0000000000000000\n", to: "proc/self/status")
    #expect(try withheld(.kallsyms).why.contains("CAP_SYSLOG"))
    #expect(try state(.dataSymbols).isAvailable)
    #expect(!Preflight.examine(system.root).canScan)
  }

  @Test func `kallsyms without data names is no obstacle, and says so`() throws {
    try fixture.write("ffffffff81000000 T _text\n", to: "proc/kallsyms")
    #expect(try absent(.dataSymbols).why.contains("CONFIG_KALLSYMS_ALL"))
    try fixture.write("ffffffff81000000 T _text\nffffffff81000000 D init_task\n", to: "proc/kallsyms")
    #expect(try absent(.dataSymbols).why.contains("but not sys_call_table"))
    #expect(Preflight.examine(system.root).canScan)
  }

  @Test func `missing and withheld modules are no obstacle, and are told apart`() throws {
    try fixture.write("dummy 16384 0 - Live 0x0000000000000000\n", to: "proc/modules")
    #expect(try withheld(.modules).why == "it lists 1 modules, every address zero")
    try fixture.write("", to: "proc/modules")
    #expect(try state(.modules) == .available("no module is loaded"))
    try fixture.remove("proc/modules")
    #expect(try absent(.modules).remedy.contains("CONFIG_MODULES"))
    #expect(Preflight.examine(system.root).canScan)
  }

  @Test(arguments: ["boot/kernel-6.1.0-9-test", "usr/lib/debug/boot/vmlinux-6.1.0-9-test"])
  func `the image is looked for where a scan looks for it`(place: String) throws {
    try fixture.remove("boot/vmlinuz-6.1.0-9-test")
    #expect(try absent(.vendorImage).why.contains(place))
    try fixture.write("image", to: place)
    #expect(try state(.vendorImage) == .available(system.root.path(place)))
  }

  @Test func `a kernel without type information is named, and no obstacle`() throws {
    try fixture.remove("sys/kernel/btf/vmlinux")
    #expect(try absent(.types).why.contains("CONFIG_DEBUG_INFO_BTF"))
    #expect(Preflight.examine(system.root).canScan)
  }

  @Test func `signs of a container are named`() throws {
    try fixture.write("", to: "run/.containerenv")
    try fixture.remove("proc/self/ns/pid")
    try fixture.makeLink("proc/self/ns/pid", to: "pid:[4026532500]")
    try fixture.write("0 100000 65536\n", to: "proc/self/uid_map")
    let why = try withheld(.host).why
    for sign in [".containerenv", "pid:[4026532500]", "uid_map"] { #expect(why.contains(sign)) }
  }

  @Test func `lockdown and capabilities are read from what the kernel says`() throws {
    try fixture.write("none integrity [confidentiality]\n", to: "sys/kernel/security/lockdown")
    try fixture.write("Name:\tx\nCapEff:\t0000000400000000\n", to: "proc/self/status")
    let confinement = Confinement.read(system.root)
    #expect(confinement.lockdown == "confidentiality")
    #expect(confinement.has(Confinement.syslog) == true)
    #expect(confinement.has(Confinement.rawIO) == false)
    try fixture.write("nonsense", to: "sys/kernel/security/lockdown")
    try fixture.write("CapEff:\tzz\n", to: "proc/self/status")
    #expect(Confinement.read(system.root).lockdown == nil)
    #expect(Confinement.read(system.root).has(Confinement.rawIO) == nil)
  }

  @Test func `another architecture cannot be scanned`() throws {
    try fixture.write("aarch64\n", to: "proc/sys/kernel/arch")
    #expect(Preflight.examine(system.root).missing.map(\.need) == [.architecture])
  }

  @Test func `this machine, whatever it is, gets an answer for everything`() {
    let preflight = Preflight.examine(SystemRoot())
    #expect(preflight.items.map(\.need) == Preflight.Need.allCases)
    #expect(preflight.items.allSatisfy { !$0.state.description.isEmpty })
  }
}
