import Foundation
import KernelModel
import LiveProbe
import Testing

/// What user space is told of processes, sockets and settings, in a folder that stands in for the system.
@Suite struct ToldSystemTests {
  private let fixture: FixtureRoot

  init() throws {
    fixture = try FixtureRoot()
    try fixture.write("Name:\tliveprobe\nNSpid:\t4711\n", to: "proc/self/status")
    try fixture.makeLink("proc/self/ns/pid", to: "pid:[4026531836]")
    try fixture.makeFolder("proc/1/net")
    try fixture.makeFolder("proc/4711")
  }

  // MARK: Processes

  private var processes: ToldProcesses { ProcessNumbers.told(fixture.root) }

  @Test func `processes are those that are listed, and what has no folder is denied`() throws {
    #expect(processes.namespace() == .success(4_026_531_836))
    #expect(processes.listed() == .success([1, 4711]))
    #expect(processes.denied(1) == [] && processes.denied(2) == [.folder])
  }

  @Test func `a /proc that is of other numbers than the program's own is withheld`() throws {
    try fixture.write("NSpid:\t4711\t1\n", to: "proc/self/status")
    #expect(throws: Withheld.self) { try processes.namespace().get() }
    try fixture.write("Name:\tliveprobe\n", to: "proc/self/status")
    #expect(throws: Withheld.self) { try processes.namespace().get() }
  }

  @Test(arguments: [("rw", false), ("rw,hidepid=0", false), ("rw,hidepid=off", false), ("rw,hidepid=invisible", true)])
  func `a /proc that hides processes is told from one that does not`(options: String, hides: Bool) throws {
    #expect(processes.restriction() == nil)
    try fixture.write("proc /proc proc \(options) 0 0\n", to: "proc/self/mounts")
    #expect((processes.restriction() != nil) == hides)
  }

  @Test func `the running system's own process is not denied`() {
    #expect(ProcessNumbers.told(SystemRoot()).denied(getpid()) == [])
  }

  // MARK: Sockets

  private func sockets(_ kind: SocketName.Kind, _ text: String) throws -> [SocketName: Int] {
    try fixture.write("  sl  local_address\n" + text, to: "proc/1/net/\(kind.rawValue)")
    return try SocketFiles.told(kind, process: 1, fixture.root).get()
  }

  @Test func `sockets are told by their addresses, as often as they are there`() throws {
    let line = "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n"
    let name = SocketName(kind: .tcp, local: [127, 0, 0, 1], localPort: 22, remote: [0, 0, 0, 0])
    #expect(try sockets(.tcp, line + line) == [name: 2])
    let long =
      "  12: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0:0 0 0 0 0 2 2 0\n"
    #expect(try sockets(.udp6, long).keys.map(\.words) == ["udp6 [0:0:0:0:0:0:0:1]:53"])
    // Of a raw socket, the port is its protocol's number.
    #expect(try sockets(.raw, line).keys.map(\.words) == ["raw 127.0.0.1, protocol 22"])
    let packet = "ffff8880 3      3    0003   2     1 0          0      4711\n"
    #expect(try sockets(.packet, packet) == [SocketName(kind: .packet, inode: 4711): 1])
    #expect(try sockets(.tcp, "") == [:])
  }

  @Test(arguments: ["x\n", "0: 0100007F:0016\n", "0: 01:16 00:00 0A\n", "0: 0100007G:0016 00000000:0000 0A\n"])
  func `a line that makes no sense is no socket`(line: String) {
    #expect(throws: Withheld.self) { try sockets(.tcp, line) }
    #expect(throws: Withheld.self) { try sockets(.packet, line) }
  }

  @Test func `a file that is not there is withheld`() {
    #expect(throws: Withheld.self) { try SocketFiles.told(.udp, process: 1, fixture.root).get() }
  }

  // MARK: Settings

  @Test func `settings are texts, and files that others may write to are told`() throws {
    try fixture.write("/sbin/modprobe\n", to: "proc/sys/kernel/modprobe")
    try fixture.write("#!", to: "opt/open/program")
    let folder = fixture.root.path("opt/open")
    let told = SettingFiles.told(fixture.root)
    #expect(told.text("proc/sys/kernel/modprobe") == "/sbin/modprobe")
    #expect(told.text("proc/sys/kernel/hotplug") == nil)
    #expect(told.open("/opt/open/program")?.contains(folder) == (geteuid() != 0))
    #expect(chmod(folder, 0o777) == 0)
    #expect(told.open("/opt/open/program")?.contains(folder) == true)
    // Whoever may write to the folder may put it there.
    #expect(told.open("/opt/open/other")?.contains(folder) == true)
    try fixture.makeLink("bin/program", to: fixture.root.path("opt/open/program"))
    #expect(told.open("/bin/program")?.contains(folder) == true)
    #expect(told.open("program") == nil)
  }

  // MARK: Lists

  @Test func `lists are texts, and what is mounted over one is not the kernel's`() throws {
    try fixture.write("Character devices:\n  1 mem\n", to: "proc/devices")
    let told = ListFiles.told(fixture.root)
    #expect(told.text("proc/devices") == .success("Character devices:\n  1 mem"))
    #expect(throws: Withheld.self) { try told.text("proc/misc").get() }
    // Of another file system, as a mount is.
    try fixture.makeLink("proc/filesystems", to: "/proc/filesystems")
    guard case .failure(let withheld) = told.text("proc/filesystems") else {
      Issue.record("a file of another file system is believed")
      return
    }
    #expect(withheld.why == "something else is mounted over it")
  }

  @Test func `the running system's lists are read`() throws {
    #expect(try ListFiles.told(SystemRoot()).text("proc/filesystems").get().contains("nodev"))
  }

  // MARK: Interpreters

  private var isUntold: Bool { if case nil = SettingFiles.told(fixture.root).interpreters() { true } else { false } }

  private static let mounted =
    "36 35 0:43 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
    + "90 36 0:44 / /proc/sys/fs/binfmt_misc rw shared:9 - binfmt_misc binfmt_misc rw\n"

  @Test func `interpreters are told by their files, where the file system is mounted`() throws {
    #expect(isUntold)
    let folder = "proc/sys/fs/binfmt_misc"
    try fixture.write("enabled\n", to: "\(folder)/status")
    try fixture.write("enabled\ninterpreter /usr/bin/qemu x\nflags: OCF\n", to: "\(folder)/qemu")
    try fixture.write("enabled\n", to: "\(folder)/odd")
    try fixture.write(Self.mounted, to: "proc/self/mountinfo")
    let told = try #require(try SettingFiles.told(fixture.root).interpreters()?.get())
    #expect(told.device == "0:44")
    let paths: [String: String?] = ["qemu": "/usr/bin/qemu x", "odd": nil]
    #expect(told.paths == paths)
  }

  @Test func `what would have to be mounted first is not looked at`() throws {
    try fixture.write(String(Self.mounted.prefix { $0 != "\n" }), to: "proc/self/mountinfo")
    #expect(isUntold)
    try fixture.write(Self.mounted, to: "proc/self/mountinfo")
    #expect(throws: Withheld.self) { try SettingFiles.told(fixture.root).interpreters()?.get() }
  }

  @Test func `security modules are told where their file system is mounted`() throws {
    let file = "sys/kernel/security/lsm"
    try fixture.write("capability,yama", to: file)
    let lists = ListFiles.told(fixture.root)
    #expect(throws: Withheld.self) { try lists.text(file).get() }
    try fixture.write(
      "30 25 0:7 / /sys/kernel/security rw - securityfs securityfs rw\n", to: "proc/self/mountinfo")
    #expect(try lists.text(file).get() == "capability,yama")
    #expect(throws: Withheld.self) { try lists.text(ToldLists.securityModules).get() }
    #expect(throws: Withheld.self) { try lists.text(ToldLists.netfilterHooks).get() }
    // Of the running system, which may be without it.
    if case .success(let text) = ListFiles.told(SystemRoot()).text(ToldLists.securityModules) {
      #expect(text.split(separator: "\n").allSatisfy { UInt64($0) != nil })
    }
  }
}
