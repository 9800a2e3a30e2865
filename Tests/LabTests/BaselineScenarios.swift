import Foundation
import Lab
import Synchronization

/// A kernel's state recorded in one guest, and compared with in another that was booted anew.
extension Scenario {
  /// In the guest that ordinary life follows in: its rows are compared with what is recorded here.
  static let recordedBaseline: [Scenario] = [
    Scenario(name: "a baseline is recorded and signed", guests: one) { guest in
      _ = try guest.output(
        of: """
          set -e
          mkdir -p /keys; cd /keys
          /liveprobe baseline keygen --output lab
          /liveprobe baseline keygen --output other
          /liveprobe baseline record
          cp \(store)/*.baseline unsigned
          /liveprobe baseline sign --key lab.key
          cp \(store)/*.baseline older
          sleep 1
          /liveprobe baseline sign --key lab.key
          cp \(store)/*.baseline signed
          """, timeout: 300)
      var files: [String: String] = [:]
      for name in ["lab.key", "lab.pub", "other.pub", "unsigned", "older", "signed"] {
        files[name] = try guest.output(of: "base64 /keys/\(name)")
      }
      carried.withLock { $0[guest.kernel.label] = files }
      let scan = try Scan(
        in: guest, only: ["syscall-table"], options: " --baseline \(store) --public-key /keys/lab.pub")
      return Run(scans: [scan], expectation: .clean, complaints: complaints(about: scan, outcome: "unchanged"))
    }
  ]

  /// What the package's unit does when a host starts with another kernel than before: no alarm, and it is told.
  static let upgradedKernel: [Scenario] = [
    Scenario(name: "another kernel than the one that has a baseline, as after an upgrade", machine: again, guests: one)
    {
      guest in
      let told = try guest.output(
        of: """
          set -e
          /liveprobe baseline record --store /upgraded >/dev/null
          cd /upgraded
          sed -e 's/^build-id.*/build-id\\tabcd/' -e 's/^release.*/release\\t6.0.0-before/' *.baseline >/abcd
          rm *.baseline; cp -p /abcd abcd.baseline; chmod 600 abcd.baseline
          set +e
          /liveprobe scan --only syscall-table --baseline /upgraded | grep -c 'another build, 6.0.0-before'
          /liveprobe baseline record --store /upgraded
          """, timeout: 300)
      let scan = try Scan(in: guest, only: ["syscall-table"], options: " --baseline /upgraded")
      let kept = try guest.output(of: "ls /upgraded | grep -c baseline; rm -r /upgraded /abcd")
      var wrong = complaints(about: scan, outcome: "unchanged")
      if !told.hasPrefix("1\n") || !told.contains("the first of this build") || !told.contains("6.0.0-before") {
        wrong.append("it is not told that the kernel is another one: \(told)")
      }
      if kept != "2" { wrong.append("\(kept) baselines are there, and not both") }
      return Run(scans: [scan], expectation: .clean, complaints: wrong)
    }
  ]

  /// In a guest that was booted anew, with other addresses.
  static let keptBaseline: [Scenario] = [
    Scenario(name: "a baseline after a reboot: no drift, and recorded anew it is the same", machine: again, guests: one)
    { guest in
      try bring(into: guest)
      let scan = try Scan(in: guest, options: " --baseline \(store) --public-key /keys/lab.pub")
      let told = try guest.output(
        of: """
          /liveprobe baseline record --store /anew >/dev/null
          cmp /anew/*.baseline /keys/unsigned >&2 && stat -c %a /anew /anew/*.baseline
          """, timeout: 300)
      let wrongModes = told.split(separator: "\n") == ["700", "600"] ? [] : ["modes of what was recorded: \(told)"]
      return Run(
        scans: [scan], expectation: .clean, complaints: complaints(about: scan, outcome: "unchanged") + wrongModes)
    },

    Scenario(
      name: "a baseline that is altered, of another key, another build, unsigned, rolled back", machine: again,
      guests: .whenAllIsAsked(why: "the kernel has no part in what is refused; unit tests go through each reason")
    ) { guest in
      try bring(into: guest)
      let refusals = [
        ("sed 's/__x64_sys_read\\t/__x64_sys_write\\t/' signed", "lab.pub", "was changed after it was signed"),
        ("cat signed", "other.pub", "is signed by another key"),
        ("cat other-build", "lab.pub", "is for another build"),
        ("cat unsigned", "lab.pub", "is not signed"),
        ("cat older", "lab.pub", "was rolled back"),
        ("head -n 20 signed | head -c -1", "lab.pub", "is damaged"),
      ]
      // What no key of ours signed can still be made with the key; the guest has it, as no host should.
      _ = try guest.output(
        of: """
          cd /keys
          sed -e '/^signature/d' -e 's/^build-id.*/build-id\\tabcd/' signed >other-build
          /liveprobe baseline sign --key lab.key other-build
          """)
      var scans: [Scan] = []
      var wrong: [String] = []
      for (bytes, key, reason) in refusals {
        _ = try guest.output(of: "cd /keys; \(bytes) >$(ls \(store)/*.baseline)")
        let scan = try Scan(
          in: guest, only: ["syscall-table"], options: " --baseline \(store) --public-key /keys/\(key)")
        wrong += complaints(about: scan, outcome: "refused", saying: reason)
        scans.append(scan)
      }
      return Run(scans: scans, expectation: .unanswered, complaints: wrong)
    },

    Scenario(
      name: "a baseline, and two slots swapped since: drift and findings", machine: again,
      guests: .whenAllIsAsked(why: "drift is the difference of two records, which unit tests go through")
    ) { guest in
      try bring(into: guest)
      let tampering = Tampering(guest)
      let scan: Scan
      let findings: String
      do {
        try tampering.swapSlots(102, 104)
        scan = try Scan(
          in: guest, only: Change.checksOfCode, options: " --baseline \(store) --public-key /keys/lab.pub")
        findings = try guest.output(
          of: "/liveprobe baseline record --store /refused 2>&1; echo $?; ls /refused", timeout: 300)
        try tampering.restore()
      } catch {
        try tampering.restore()
        throw error
      }
      var wrong = complaints(about: scan, outcome: "drifted")
      let drift = Set((scan.report?.baseline?.drift ?? []).map(\.subject))
      if !drift.isSuperset(of: Expectation.slots([102, 104])) {
        wrong.append("drift in \(drift.map(\.description).sorted())")
      }
      if !findings.contains("nothing was recorded") || !findings.hasSuffix("\n2") {
        wrong.append("a tampered kernel was recorded: \(findings)")
      }
      return Run(scans: [scan], expectation: .replaced(slots: Expectation.slots([102, 104])), complaints: wrong)
    },
  ]

  private static let one = Guests.of(["7"], why: "a baseline is recorded and compared in the same way on each")
  private static let store = "/var/lib/liveprobe/baselines"
  /// The same machine as others, in a guest of its own.
  private static let again = Machine(kernelArguments: ["lab.again"])

  /// What the guests of a kernel leave to those after them, in base 64, by the kernel's label.
  private static let carried = Mutex<[String: [String: String]]>([:])

  /// Has the guest find what the one before it recorded, as after a reboot.
  private static func bring(into guest: Guest) throws {
    guard let files = carried.withLock({ $0[guest.kernel.label] }) else {
      throw LabError("no baseline was recorded: the row that records one must be run too")
    }
    _ = try guest.output(of: "mkdir -p -m 700 /keys \(store); rm -rf /refused")
    for (name, content) in files {
      _ = try guest.output(of: "base64 -d >/keys/\(name) <<'end'\n\(content)\nend\nchmod 600 /keys/\(name)")
    }
    _ = try guest.output(
      of: """
        id=$(grep '^build-id' /keys/signed | cut -f 2)
        cp /keys/signed \(store)/$id.baseline
        """)
  }

  private static func complaints(about scan: Scan, outcome: String, saying reason: String = "") -> [String] {
    guard let baseline = scan.report?.baseline else { return ["no word about the baseline: \(scan.complaint)"] }
    let why = baseline.withheld?.why ?? ""
    guard baseline.outcome == outcome, reason.isEmpty || why.contains(reason) else {
      let drift = baseline.drift.map { "\($0.check) \($0.subject): \($0.was ?? "-") is \($0.now ?? "-")" }
      return [
        "the baseline is \(baseline.outcome) instead of \(outcome) (\(reason)): \(why) \(drift.joined(separator: "; "))"
      ]
    }
    return []
  }
}
