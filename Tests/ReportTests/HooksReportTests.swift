import Audit
import Foundation
import KernelModel
import Report
import Testing

@Suite struct HooksReportTests {
  private static let address = KernelAddress(0xffff_ffff_c000_1000)

  static func hook(
    _ mechanism: Hook.Mechanism, _ target: Hook.Target, in module: String = "redirecting",
    redirects: Bool = false, mayChange: Hook.Change? = nil, severity: Finding.Severity? = nil
  ) -> Hook {
    Hook(
      mechanism: mechanism, target: target, callee: address,
      owner: .module(Place(symbol: "redirect", module: module)), redirects: redirects, mayChange: mayChange,
      severity: severity, structure: KernelAddress(0xffff_ffff_c000_3000))
  }

  static func functions(_ names: String..., count: Int? = nil) -> Hook.Target {
    .functions(
      names.map { name in
        let isCall = name.hasPrefix("__x64_sys_")
        return Hook.Function(
          place: Place(symbol: name),
          systemCall: isCall
            ? Hook.SystemCall(number: 217, name: "getdents64", programs: "64-bit programs") : nil)
      }, count: count ?? names.count)
  }

  static let stranger = HookOwner(
    .module("redirecting"), .nobody, reason: "no package brings it; others that are loaded are on record",
    severity: .warning, file: "/lib/modules/6.12/extra/redirecting.ko", buildID: BuildID(bytes: [0xab, 0xcd]),
    likeness: .equal)
  static let vendor = HookOwner(
    .module("bonding"), .vendor, reason: "as dpkg recorded it", file: "/lib/modules/6.12/kernel/bonding.ko",
    package: "linux-image-6.12 6.12.95-1", likeness: .equal)

  static let sample = Hooks(
    [
      Hooks.Group(vendor, [hook(.notifierChain, .chain("netdev_chain"), in: "bonding")]),
      Hooks.Group(
        stranger,
        [
          hook(.returnProbe, functions("tcp4_seq_show"), mayChange: .answer),
          hook(.tracer, functions("__x64_sys_getdents64"), redirects: true, severity: .critical),
        ]),
    ], unasked: [])

  @Test func `copies of a program are one block with their numbers, and say where each hangs`() {
    let owner = HookOwner(
      .program(
        HookOwner.Program(
          name: "sd_devices", type: "cgroup_device", tag: "3650d9673c54ce30", holders: ["process 1 (systemd)"])),
      .accounted, reason: "the file of who holds it is as it was brought", package: "systemd 252")
    let hooks = [(UInt32(15), "/a.service"), (18, "/b.service")].map { number, group in
      Hook(
        mechanism: .program, program: Hook.Program(number: number, means: "cgroup"),
        target: .place("control group \(group)"), callee: KernelAddress(0xffff_ffff_c000_0000 + UInt64(number) * 64),
        owner: .generatedCode(Place(symbol: "bpf_prog_3650d9673c54ce30_sd_devices", module: "bpf")))
    }
    let report = HooksReport(Hooks([Hooks.Group(owner, hooks)], unasked: []))
    #expect(report.status == .ok)
    #expect(
      report.text == """
        OK  called in this kernel: 1 accounted for

        BPF program sd_devices (numbers 15, 18): accounted for
          type cgroup_device, tag 3650d9673c54ce30; held by process 1 (systemd); package systemd 252; the
            file of who holds it is as it was brought
          BPF cgroup  control group /a.service, control group /b.service

        """)
  }

  @Test func `the first line counts by who vouches, and each owner has a block, the worst first`() {
    let report = HooksReport(Self.sample)
    #expect(report.status == .critical)
    #expect(
      report.text == """
        CRITICAL  called in this kernel: 1 module that NOBODY VOUCHES FOR (redirecting), 1 module that came with the kernel

        module redirecting: NOBODY VOUCHES FOR IT
          /lib/modules/6.12/extra/redirecting.ko; the same in memory; no package brings it; others that are
            loaded are on record; build id abcd
          ftrace     system call 217 getdents64 (__x64_sys_getdents64) -> redirect; SAYS WHERE THE CALLS GO
                       ON
          kretprobe  tcp4_seq_show -> redirect; could change what calls answer

        module bonding: came with the kernel
          /lib/modules/6.12/kernel/bonding.ko; the same in memory; package linux-image-6.12 6.12.95-1
          notifier chain  netdev_chain -> redirect

        """)
  }

  @Test func `what came with the kernel is left out, and counted`() {
    let text = HooksReport(Self.sample.foreign).text
    #expect(!text.contains("bonding"))
    #expect(text.hasSuffix("\nleft out: 1 owner that came with the kernel, 1 hook; see --all\n"))
  }

  @Test func `that nobody is called is said in a sentence`() {
    let report = HooksReport(Hooks([], unasked: []))
    #expect(report.status == .ok)
    #expect(report.text == "OK  only the kernel and what came with it is called\n")
  }

  @Test func `what could not be asked is told, and the answer is unknown unless it is critical`() {
    let unasked = [Hooks.Unasked("tracepoints", .symbolMissing("__stop___tracepoints_ptrs"))]
    let empty = HooksReport(Hooks([], unasked: unasked))
    #expect(empty.status == .unknown)
    #expect(empty.text.hasPrefix("UNKNOWN  only the kernel and what came with it is called, as far as"))
    #expect(empty.text.contains("could not be asked  tracepoints: the symbol __stop___tracepoints_ptrs is not"))
    var hooks = Self.sample
    hooks.unasked = unasked
    #expect(HooksReport(hooks).status == .critical)
    hooks.groups = [Hooks.Group(Self.stranger, [Self.hook(.tracer, .unknownFunctions)])]
    #expect(HooksReport(hooks).status == .unknown)
    hooks.unasked = []
    #expect(HooksReport(hooks).status == .warning)
  }

  @Test func `many alike are one line, and many lines are bounded`() {
    let alike = (0..<300).map { Self.hook(.probe, Self.functions("function_\($0)"), mayChange: .course) }
    let one = HooksReport(Hooks([Hooks.Group(Self.stranger, alike)], unasked: [])).text
    #expect(one.components(separatedBy: "kprobe").count == 2)
    #expect(one.contains("300 functions: function_0, function_1,"))
    #expect(one.contains("and 288 more\n            -> redirect; could send calls elsewhere\n"))
    let different = (0..<300).map { number in
      var hook = Self.hook(.tracepoint, .event("event_\(number)"))
      hook.callee = KernelAddress(Self.address.rawValue + UInt64(number) * 16)
      return hook
    }
    let many = HooksReport(Hooks([Hooks.Group(Self.stranger, different)], unasked: [])).text
    #expect(many.contains("\n  260 more: --format json has them all\n"))
  }

  @Test func `the kernel's own functions are no module, and functions without names are counted`() {
    var hook = Self.hook(.tracepoint, .event("sched_switch"))
    hook.owner = .kernelText(Place(symbol: "probe_sched_switch"))
    let own = HookOwner(.kernel, .vendor, reason: "the kernel's own code")
    let unnamed = Self.hook(.tracer, .functions([], count: 70_000))
    let text = HooksReport(
      Hooks([Hooks.Group(own, [hook]), Hooks.Group(Self.vendor, [unnamed])], unasked: [])
    ).text
    #expect(text.hasPrefix("OK  called in this kernel: 1 module that came with the kernel, functions of its own\n"))
    #expect(text.contains("\nthe kernel itself: its own functions\n  tracepoint  sched_switch -> probe_sched_switch\n"))
    #expect(text.contains("\n  ftrace  70000 functions -> redirect\n"))
  }

  @Test func `JSON has every hook with what it watches and who vouches`() throws {
    let json = HooksReport(Self.sample).json(toolVersion: "1")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(document["schema"] as? String == "liveprobe-hooks/1")
    #expect(document["status"] as? String == "CRITICAL")
    let owners = try #require(document["owners"] as? [[String: Any]])
    #expect(owners.map { $0["provenance"] as? String } == ["nobody", "vendor"])
    #expect(owners.map { $0["name"] as? String } == ["redirecting", "bonding"])
    #expect(owners.map { $0["equalsFile"] as? Bool } == [true, true])
    let hooks = try #require(owners[0]["hooks"] as? [[String: Any]])
    #expect(hooks.map { $0["mechanism"] as? String } == ["kretprobe", "ftrace"])
    #expect(hooks.map { $0["couldChange"] as? String } == ["answer", nil])
    #expect(hooks.map { $0["redirects"] as? Bool } == [false, true])
    let functions = try #require(hooks[1]["functions"] as? [[String: Any]])
    #expect((functions.first?["systemCall"] as? [String: Any])?["number"] as? Int == 217)
    #expect(hooks[1]["functionCount"] as? Int == 1)
  }

  /// Everything that can have a name has this one.
  static func hostile(_ name: String) -> Hooks {
    let owner = HookOwner(
      .module(name), .hidden, reason: name, severity: .critical, file: name, package: name, signer: name,
      likeness: .open(name))
    let targets: [Hook.Target] = [
      .event(name), .chain(name), functions(name),
      .systemCall(Hook.SystemCall(number: 0, name: name, programs: name), via: name),
    ]
    return Hooks(
      [Hooks.Group(owner, targets.map { hook(.tracepoint, $0, in: name) })],
      unasked: [Hooks.Unasked(name, .symbolMissing(name))])
  }

  /// Hundreds of owners with a thousand functions each.
  static let many = Hooks(
    (0..<300).map { number in
      let owner = HookOwner(.module("module\(number)"), .accounted, reason: "its file was brought")
      let hooks = (0..<60).map { index in
        var hook = hook(.tracer, functions("function_\(index)", count: 1000))
        hook.callee = KernelAddress(address.rawValue + UInt64(index) * 16)
        return hook
      }
      return Hooks.Group(owner, hooks)
    }, unasked: [])

  @Test func `names with terminal escapes are shown, not obeyed`() {
    let hooks = Self.hostile("\u{1b}[2Kok\n")
    for text in [HooksReport(hooks).text, HooksReport(hooks).json(toolVersion: "1")] {
      #expect(!text.contains("\u{1b}"))
      #expect(text.contains("u{1b}"))
    }
  }
}
