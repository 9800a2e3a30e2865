import Foundation
import Lab

/// Modules that nothing vouches for, and those that somebody does.
extension Scenario {
  static let provenance: [Scenario] = [
    stranger("a visible module that nothing vouches for, a rule and a signature", guests: .of(["6.12"], why: same)) {
      guest in
      var complaints: [String] = []
      let line = try guest.run("/liveprobe scan --only vendor-files --format text", timeout: 300).text
      if !line.hasPrefix("WARNING") || !line.contains("1 module that nothing vouches for: hooked") {
        complaints.append("the first line is \(line.prefix(200))")
      }
      let rule = try rule("hooked", try HookedModule.buildID(in: guest), "vendor-files", in: guest)
      let ruled = try Scan(in: guest, only: checks, options: rule)
      complaints += Expectation(verdict: .ok, accepted: [subject]).complaints(about: ruled).map { "allow rule: \($0)" }
      return try complaints + signatureComplaints(guest)
    },

    stranger("the same module, which a baseline accepts", guests: .whenAllIsAsked(why: same)) { guest in
      try baselineComplaints(guest)
    },

    stranger("the same module, in a tree as DKMS lays it out", guests: .of(["5.10"], why: same)) { guest in
      try sourceTreeComplaints(guest)
    },

    Scenario(
      name: "a module inserted from elsewhere: which file to bring, and brought it is answered",
      guests: .of(["6.12"], why: "files alone"), exemption: hasNoFixture
    ) { guest in
      let folder = "/lib/modules/$(uname -r)/extra"
      _ = try guest.output(
        of: """
          set -e
          mkdir -p /away /brought; mv \(folder)/hooked.ko /away/; depmod
          cp /away/hooked.ko /brought/another-name.ko
          insmod /away/hooked.ko
          """)
      let lacking = try guest.run("/liveprobe scan --only vendor-files --only module-text", timeout: 300)
      let brought = try Scan(in: guest, only: checks + ["module-text"], options: " --reference /brought")
      _ = try guest.output(of: "rmmod hooked; mv /away/hooked.ko \(folder)/; depmod")
      var complaints: [String] = []
      if lacking.status != 3 { complaints.append("without the file: status \(lacking.status)") }
      for words in ["--reference FOLDER, with hooked.ko", "1 module that nothing vouches for: hooked"]
      where !lacking.text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(words) {
        complaints.append("without the file, no word of \(words): \(lacking.text.prefix(1000))")
      }
      return Run(scans: [brought], expectation: .clean, complaints: complaints)
    },
  ]

  static let acceptedHiddenModule: [Scenario] = [
    Scenario(
      name: "a hidden module that an allow rule names, and one whose memory was changed",
      guests: .of(["6.12"], why: "what a rule accepts is the findings' business, and not the kernel's"),
      leavesGuestChanged: true,
      exemption: hasNoFixture
    ) { guest in
      try HookedModule.load(into: guest, slots: [])
      let buildID = try HookedModule.buildID(in: guest)
      try HookedModule.unload(from: guest)
      try HookedModule.load(into: guest, slots: [], hidden: true)
      let rule = try rule("hooked", buildID, "module-list executable-memory taint kernel-text", in: guest)
      let accepted = try Scan(in: guest, options: rule)
      let other = try Self.rule("hooked", "00" + buildID.dropFirst(2), "module-list executable-memory", in: guest)
      let refused = try guest.run("/liveprobe scan --only module-list \(other)", timeout: 300)
      var complaints: [String] = []
      if refused.status != 2 || !refused.text.contains("does not apply") {
        complaints.append("a rule of another build: status \(refused.status), \(refused.text.prefix(600))")
      }
      complaints += try changedComplaints(guest, rule: try Self.rule("hooked", buildID, "module-list", in: guest))
      let found = accepted.report?.check("executable-memory")?.accepted?.map(\.subject) ?? []
      return Run(
        scans: [accepted], expectation: Expectation(verdict: .ok, accepted: Set([subject] + found)),
        complaints: complaints)
    },

    Scenario(
      name: "a hidden module that probes a function, and a rule that names it",
      guests: .of(["6.12"], why: "what a rule accepts is the findings' business, and not the kernel's"),
      leavesGuestChanged: true, exemption: hasNoFixture
    ) { guest in
      _ = try guest.output(of: "insmod /fixtures/redirecting.ko")
      let buildID = try HookedModule.buildID(of: "redirecting", in: guest)
      _ = try guest.output(
        of: "rmmod redirecting; insmod /fixtures/redirecting.ko hide=1 way=kretprobe symbol=si_meminfo")
      let rule = try rule("redirecting", buildID, "module-list executable-memory taint probes kernel-text", in: guest)
      let accepted = try Scan(in: guest, options: rule + " --reference /fixtures")
      let unasked = ["probes", "kernel-text"].filter { accepted.report?.check($0)?.accepted?.isEmpty != false }
      return Run(
        scans: [accepted],
        expectation: Expectation(
          verdict: .ok, accepted: Set((accepted.report?.checks ?? []).flatMap { $0.accepted ?? [] }.map(\.subject))),
        complaints: unasked.map { "\($0) accepted nothing" })
    },
  ]

  private static func stranger(
    _ name: String, guests: Guests, _ complaints: @escaping @Sendable (Guest) throws -> [String]
  ) -> Scenario {
    Scenario(name: name, guests: guests, exemption: hasNoFixture) { guest in
      try HookedModule.load(into: guest, slots: [])
      let scan = try Scan(in: guest, only: checks)
      let found = try complaints(guest)
      try HookedModule.unload(from: guest)
      return Run(
        scans: [scan],
        expectation: Expectation(
          verdict: .warning, named: [Expectation.Named(check: "vendor-files", text: "module hooked")]),
        complaints: found)
    }
  }

  private static let same = "files and records, which are the same with every kernel"
  private static let subject = ScanReport.Subject.module("hooked")
  private static let checks = ["syscall-table", "vendor-files"]

  /// Recorded with `--accept` it is no finding any more; without it is, and recording says so.
  private static func baselineComplaints(_ guest: Guest) throws(LabError) -> [String] {
    var complaints: [String] = []
    let refused = try guest.run("/liveprobe baseline record --store /not-accepted", timeout: 300)
    if refused.status != 1 || !refused.text.contains("not accepted") {
      complaints.append("recorded without --accept: status \(refused.status), \(refused.text.prefix(400))")
    }
    _ = try guest.run("/liveprobe baseline record --accept --store /accepted", timeout: 300)
    let without = try Scan(in: guest, only: checks, options: " --baseline /not-accepted")
    let known = try Scan(in: guest, only: checks, options: " --baseline /accepted")
    complaints += Expectation(verdict: .ok, accepted: [subject]).complaints(about: known).map { "baseline: \($0)" }
    if without.exitStatus != 1 || without.report?.baseline?.drift.isEmpty == false {
      complaints.append("a baseline without it: status \(without.exitStatus)")
    }
    // Another file under the name, which the kernel was never given.
    _ = try guest.output(
      of: "cd /lib/modules/$(uname -r)/extra; cp hooked.ko /kept.ko; printf x >>hooked.ko")
    let changed = try Scan(in: guest, only: checks, options: " --baseline /accepted")
    _ = try guest.output(of: "mv /kept.ko /lib/modules/$(uname -r)/extra/hooked.ko; rm -r /accepted /not-accepted")
    if changed.exitStatus != 1 || changed.report?.baseline?.drift.isEmpty != false {
      complaints.append("a changed file is accepted: status \(changed.exitStatus)")
    }
    return complaints
  }

  /// A tree as DKMS lays it out, whose source a package brought: nothing to find, until the source is changed.
  private static func sourceTreeComplaints(_ guest: Guest) throws(LabError) -> [String] {
    _ = try guest.output(
      of: """
        set -e
        mkdir -p /usr/src/hooked-1.0 /var/lib/dkms/hooked/1.0/$(uname -r)/x86_64/module
        echo 'int hooked;' >/usr/src/hooked-1.0/hooked.c
        echo 'BUILT_MODULE_NAME[0]="hooked"' >/usr/src/hooked-1.0/dkms.conf
        ln -s /usr/src/hooked-1.0 /var/lib/dkms/hooked/1.0/source
        cp /lib/modules/$(uname -r)/extra/hooked.ko /var/lib/dkms/hooked/1.0/$(uname -r)/x86_64/module/
        cd /; md5sum usr/src/hooked-1.0/* >/var/lib/dpkg/info/hooked-dkms.md5sums
        """)
    let built = try Scan(in: guest, only: checks)
    _ = try guest.output(of: "echo 'int other;' >>/usr/src/hooked-1.0/hooked.c")
    let changed = try Scan(in: guest, only: checks)
    _ = try guest.output(of: "rm -r /usr/src/hooked-1.0 /var/lib/dkms /var/lib/dpkg/info/hooked-dkms.md5sums")
    return Expectation.clean.complaints(about: built).map { "built by DKMS: \($0)" }
      + (changed.exitStatus == 1 ? [] : ["a changed source: status \(changed.exitStatus)"])
  }

  /// Without records nobody vouches for the kernel's own modules but the key of its build, whose signatures are verified.
  private static func signatureComplaints(_ guest: Guest) throws(LabError) -> [String] {
    _ = try guest.output(of: "modprobe dummy && mv /var/lib/dpkg /dpkg-away")
    let scan = try Scan(in: guest, only: checks)
    let text = try guest.run("/liveprobe scan --only vendor-files -v", timeout: 300).text
    _ = try guest.output(of: "mv /dpkg-away /var/lib/dpkg; rmmod dummy")
    let found = (scan.report?.findings ?? []).map(\.subject)
    var complaints = found == [subject] ? [] : ["without package records: \(found)"]
    // The image alone: each module that is loaded is signed, or found.
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    if !words.contains("nothing vouches for one file") {
      complaints.append("without package records: \(words.suffix(1200))")
    }
    return complaints
  }

  /// A byte of the hidden module's code is changed from outside: the rule does not apply any more, and says why.
  private static func changedComplaints(_ guest: Guest, rule: String) throws -> [String] {
    let tampering = Tampering(guest)
    do {
      try tampering.flipByte(at: try hiddenCode(guest))
      let scan = try guest.run("/liveprobe scan --only module-list \(rule)", timeout: 300)
      try tampering.restore()
      // Lines are folded where they are full.
      let words = scan.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let isTold = words.contains("does not apply") && words.contains("is not its file's in memory")
      return scan.status == 2 && isTold ? [] : ["a changed module: status \(scan.status), \(scan.text.prefix(800))"]
    } catch {
      try tampering.restore()
      throw error
    }
  }

  /// Where the hidden module's code is, as the report of its finding says it.
  private static func hiddenCode(_ guest: Guest) throws(LabError) -> UInt64 {
    let text = try guest.run("/liveprobe scan --only module-list", timeout: 300).text
    guard let place = text.range(of: "bytes at 0x"),
      let address = UInt64(text[place.upperBound...].prefix { $0.isHexDigit }, radix: 16)
    else { throw LabError("the report does not say where the hidden module's code is: \(text.prefix(800))") }
    return address + 0x20
  }

  /// Writes a rule into the guest; the option that names it.
  private static func rule(
    _ module: String, _ buildID: some StringProtocol, _ checks: String, in guest: Guest
  ) throws(LabError) -> String {
    let rule = "[Allow]\\nModule=\(module)\\nBuildID=\(buildID)\\nCheck=\(checks)\\nReason=the lab\\n"
    _ = try guest.output(
      of: "rm -rf /etc/rule.d; mkdir -p /etc/rule.d && printf '\(rule)' > /etc/rule.d/\(module).conf")
    return "--allow /etc/rule.d"
  }
}
