import Audit
import KernelModel
import Report

/// Verdicts and explanations about code that was compared byte for byte.
extension Sample {
  static let kernelText = Manual(
    id: "kernel-text", question: "Is every byte of the kernel's code the vendor's?", method: "",
    innocentCauses: [], blindSpots: [], response: ["keep the evidence"])
  static let moduleText = Manual(
    id: "module-text", question: "Is every byte of each module's code its file's?", method: "",
    innocentCauses: [], blindSpots: [], response: ["keep the evidence"])

  /// A module whose name wipes the line, and forges lines and performance data of its own.
  static let hostileName = "\u{1b}[2K ok\n  kernel-text  kernel: 0 bytes unexplained | unexplained_bytes=0"

  static func account(_ object: String, unexplained: UInt64 = 0) -> TextAccount {
    TextAccount(
      object: object, comparedBytes: object == "kernel" ? 23_750_246 : 86_016,
      rows: [
        TextAccount.Row(
          mechanism: "retpolines", title: "indirect branches (retpolines)", sites: 8_822, changedBytes: 0),
        TextAccount.Row(mechanism: "jump-labels", title: "static keys (jump labels)", sites: 6_127, changedBytes: 161),
      ], unexplainedBytes: unexplained)
  }

  private static func answer(_ check: Manual, _ accounts: [TextAccount], _ findings: [Finding] = []) -> Answer {
    var examination = Examination()
    for account in accounts {
      examination.note(Subject(account.object), .count(account.comparedBytes))
      examination.account(for: account)
    }
    return Answer(
      check: check,
      outcome: findings.isEmpty ? .clear(facts: accounts.count) : .found(.critical, count: findings.count),
      examination: examination, findings: findings, remarks: [])
  }

  static let compared = verdict([
    answer(kernelText, [account("kernel")]), answer(moduleText, ["ext4", "loop", "kvm"].map { account($0) }),
  ])

  /// The same, and where pointers to code lead: nothing explains some of the kernel's.
  static func counted(unexplained: UInt64) -> Verdict {
    var verdict = compared
    for (object, pointers) in [("kernel", UInt64(16_174)), ("ext4", 120)] {
      var account = PointerAccount(object: object)
      (account.alike, account.untyped, account.followed, account.empty) = (5, 1, 2, 1)
      account.unexplained = object == "kernel" ? unexplained : 0
      account.pointers = pointers
      account.unchanged = pointers - 9 - account.unexplained
      verdict.answers[0].examination.account(for: account)
    }
    return verdict
  }

  /// Bytes that nothing explains: in the kernel, and in modules of which one has a hostile name.
  static let changed: Verdict = {
    func finding(_ place: Place, _ expected: [UInt8], _ observed: [UInt8], owner: Owner) -> Finding {
      Finding(
        kind: .redirection, severity: .critical, subject: Subject(place.description),
        message: "1 byte is not the vendor's, and no mechanism of the kernel's produces it",
        expected: .bytes(expected), observed: .bytes(observed), owner: owner,
        effects: [.init(.alters, place.description)])
    }
    let banner = Place(symbol: "linux_banner", offset: 9)
    return verdict([
      answer(
        kernelText, [account("kernel", unexplained: 1)],
        [finding(banner, [0x73], [0], owner: .kernelData(banner))]),
      answer(
        moduleText,
        [account("ext4", unexplained: 7), account("loop"), account(hostileName, unexplained: 1000)],
        [finding(Place(symbol: "vfs_read"), [0x0f, 0x1f, 0x44, 0, 0], [0xe9, 0, 0x10, 0x20, 0x30], owner: nobody())]),
    ])
  }()

  static let site = KernelAddress(0xffff_ffff_8156_69e0)

  static func side(_ bytes: [UInt8], _ mnemonic: String, _ operands: String, to target: Owner? = nil)
    -> SiteExplanation.Side
  {
    let address = KernelAddress(0xffff_ffff_c0a3_1040)
    return SiteExplanation.Side(
      bytes: bytes,
      instructions: [
        Instruction(
          address: site, bytes: bytes, mnemonic: mnemonic, operands: operands,
          branchTarget: target.map { _ in address })
      ],
      destinations: target.map { [SiteExplanation.Destination(address: address, owner: $0)] } ?? [])
  }

  /// A function that can be traced, and is not.
  static let explained = SiteExplanation(
    address: KernelAddress(site.rawValue + 2), start: site, owner: .kernelText(Place(symbol: "vfs_read", offset: 2)),
    section: ".text", source: "/boot/vmlinuz-6.1.0-56-amd64", vendorBytes: [0xe8, 0x6b, 0xfc, 0xd0, 0xff],
    steps: [
      SiteExplanation.Step(
        mechanism: "ftrace", title: "function tracing (ftrace)", address: site,
        before: [0xe8, 0x6b, 0xfc, 0xd0, 0xff], after: [0x0f, 0x1f, 0x44, 0, 0], reason: "this function is not traced")
    ],
    expected: side([0x0f, 0x1f, 0x44, 0, 0], "nop", "dword ptr [rax + rax]"),
    observed: side([0x0f, 0x1f, 0x44, 0, 0], "nop", "dword ptr [rax + rax]"), agreement: .same)

  /// The same place, made to lead to memory that nobody owns.
  static let unexplained: SiteExplanation = {
    var changed = explained
    changed.observed = side([0xe9, 0x5b, 0xa6, 0x4c, 0x3f], "jmp", "0xffffffffc0a31040", to: nobody())
    changed.agreement = .different(byteCount: 5)
    return changed
  }()
}
