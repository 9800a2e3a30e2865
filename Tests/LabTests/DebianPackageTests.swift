import Foundation
import Lab
import Testing

/// The package's life on a Debian with a real systemd: installed, scanning by its timer, upgraded, catching a hook,
/// removed, purged.
@Suite("The Debian package", .lab)
struct DebianPackageTests {
  @Test func `lives under systemd and leaves nothing`() async throws {
    await LabRuns.shared.enter(isLong: true)
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(GuestKernel.debian, settings) else { return }
    guard FileManager.default.fileExists(atPath: settings.debianPackage.path) else {
      try #require(settings.mode != .required, "no \(settings.debianPackage.path): run `make deb`")
      print("SKIPPED: the Debian package: no \(settings.debianPackage.path): run `make deb`")
      return
    }
    var options = GuestOptions(bootTimeout: 300)
    options.files["lab/liveprobe.deb"] = settings.debianPackage
    let container = try LabContainer(settings)
    options.files.merge(container.files) { first, _ in first }
    let begin = ContinuousClock.now
    let host = DebianHost(try Guest.boot(kernel, settings: settings, options: options))
    defer {
      host.guest.shutdown()
      print("the Debian package: \(Int(begin.duration(to: .now).seconds)) s")
    }
    #expect(try host.says("systemctl is-system-running --wait") == "running")

    try install(on: host)
    try timerFires(on: host)
    try container.scans(on: host)
    try leavesOutCopy(on: host)
    try upgrade(on: host)
    try unknownIsTold(on: host)
    try hookIsTold(on: host)
    try removeAndPurge(on: host)
  }

  private func install(on host: DebianHost) throws {
    try host.does("dpkg -i /lab/liveprobe.deb")
    #expect(try host.says("systemctl is-enabled liveprobe.timer liveprobe-baseline.service") == "enabled\nenabled")
    #expect(try host.says("systemctl is-active liveprobe.timer") == "active")
    let units = "liveprobe.service liveprobe.timer liveprobe-baseline.service liveprobe-notify@x.service"
    #expect(try host.says("systemd-analyze verify --man=no \(units) 2>&1").isEmpty)
    try expectBaseline(on: host)
    // Timers wait for calendar time: the shipped one, but for its chance.
    try host.does(
      """
      mkdir -p /run/systemd/system/liveprobe.timer.d
      printf '[Timer]\\nRandomizedDelaySec=0\\n' >/run/systemd/system/liveprobe.timer.d/now.conf
      systemctl daemon-reload
      systemctl restart liveprobe.timer
      """)
  }

  /// Looks for the one baseline that was recorded, and tries to have it recorded again.
  private func expectBaseline(on host: DebianHost) throws {
    #expect(try host.property("Result", of: "liveprobe-baseline.service") == "success")
    let baselines = "stat -c '%a %s %Y %i' /var/lib/liveprobe /var/lib/liveprobe/baselines/*.baseline"
    let recorded = try host.says(baselines).split(separator: "\n")
    #expect(recorded.count == 2 && recorded[0].hasPrefix("700 ") && recorded[1].hasPrefix("600 "), "\(recorded)")
    try host.does("systemctl restart liveprobe-baseline.service")
    #expect(try host.says(baselines).split(separator: "\n").last == recorded.last)
  }

  private func timerFires(on host: DebianHost) throws {
    #expect(try host.property("ExecMainStartTimestampMonotonic", of: "liveprobe.service") == "0")
    try host.does("date -s \"$(date -d '+1 hour' +%Y-%m-%d' '%H:00:00)\"; date -s '-2 seconds'")
    try host.waitForEnd(of: "liveprobe.service", after: 0)
    #expect(try host.property("LastTriggerUSec", of: "liveprobe.timer") != "")
    // Of systemd's own BPF programs nothing is said.
    #expect(try host.says(DebianTracingTests.systemdsPrograms) != "0")
    #expect(try host.property("Result", of: "liveprobe.service") == "success")
    #expect(try host.property("ExecMainStatus", of: "liveprobe.service") == "0")
    let told = "journalctl -q -u liveprobe.service LIVEPROBE_STATUS="
    #expect(try !host.says("\(told)OK -o cat").isEmpty)
    // With the catalog's words, which say what to do.
    #expect(try host.says("\(told)OK -x") != host.says("\(told)OK"))
    #expect(try host.says("systemctl --failed --no-legend").isEmpty)
    #expect(try host.says("journalctl -q -t liveprobe-notify -o cat").isEmpty)
    // The sandbox takes nothing away from what the reading path is tried with.
    let outside = try host.guest.run("liveprobe scan --only reader --format json")
    let inside = try host.guest.run(
      """
      set -e
      mkdir -p /run/systemd/system/liveprobe.service.d
      printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/liveprobe scan --only reader --format json\\nStandardOutput=file:/run/sandboxed\\n' \
        >/run/systemd/system/liveprobe.service.d/json.conf
      systemctl daemon-reload
      systemctl start liveprobe.service
      rm /run/systemd/system/liveprobe.service.d/json.conf
      systemctl daemon-reload
      cat /run/sandboxed
      """)
    #expect(outside.status == 0 && inside.status == 0, "\(outside.errorText)\(inside.errorText)")
    let (sandboxed, free) = (try answers(inside.stdout), try answers(outside.stdout))
    #expect(sandboxed == free && !free.isEmpty)
  }

  private func leavesOutCopy(on host: DebianHost) throws {
    let result = try host.guest.run("liveprobe scan --only reader --no-copy --format json")
    let text = String(decoding: result.stdout, as: UTF8.self)
    #expect(result.status == 0 && text.contains("could not be tried (another-name)"), "\(text)\(result.errorText)")
  }

  private func upgrade(on host: DebianHost) throws {
    try host.does(
      """
      set -e
      echo '# ours' >>/etc/liveprobe/liveprobe.conf
      echo kept >/var/lib/liveprobe/kept
      dpkg-deb -R /lab/liveprobe.deb /lab/newer
      sed -i 's/^Version: .*/&.1/' /lab/newer/DEBIAN/control
      echo '# theirs' >>/lab/newer/etc/liveprobe/liveprobe.conf
      dpkg-deb -Znone -b /lab/newer /lab/newer.deb
      dpkg -i --force-confold /lab/newer.deb
      """)
    #expect(try host.says("dpkg-query -W -f '${Version}' liveprobe").hasSuffix(".1"))
    #expect(try host.says("tail -n 1 /etc/liveprobe/liveprobe.conf; cat /var/lib/liveprobe/kept") == "# ours\nkept")
    #expect(try host.says("systemctl is-active liveprobe.timer") == "active")
  }

  private func unknownIsTold(on host: DebianHost) throws {
    try host.does(
      """
      set -e
      printf '#!/bin/sh\\necho "$LIVEPROBE_STATUS $LIVEPROBE_EXIT $LIVEPROBE_UNIT" >>/run/notified\\n' \
        >/etc/liveprobe/notify.d/lab
      chmod +x /etc/liveprobe/notify.d/lab
      mkdir -p /run/systemd/system/liveprobe.service.d
      printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/liveprobe scan --reference /nowhere --only reader --skip reader\\n' \
        >/run/systemd/system/liveprobe.service.d/wrong.conf
      systemctl daemon-reload
      """)
    try expectFailure(on: host, word: "UNKNOWN", status: 3, priority: "err")
    try host.does("rm /run/systemd/system/liveprobe.service.d/wrong.conf; systemctl daemon-reload")
  }

  private func hookIsTold(on host: DebianHost) throws {
    try HookedModule.load(into: host.guest, hidden: true)
    try expectFailure(on: host, word: "CRITICAL", status: 2, priority: "crit")
    let told = "journalctl -q -u liveprobe.service -o cat"
    #expect(try !host.says("\(told) LIVEPROBE_STATUS=CRITICAL").isEmpty)
    let finding = try host.says("\(told) LIVEPROBE_CHECK=syscall-table")
    #expect(finding.contains("sys_call_table"), "\(finding)")
    #expect(try host.says("systemctl --failed --no-legend --plain").hasPrefix("liveprobe.service"))
  }

  /// Starts a scan that must fail, and looks for what is told of it.
  private func expectFailure(on host: DebianHost, word: String, status: Int, priority: String) throws {
    let result = try host.guest.run("rm -f /run/notified; systemctl start liveprobe.service", timeout: 400)
    #expect(result.status != 0)
    #expect(try host.property("Result", of: "liveprobe.service") == "exit-code")
    #expect(try host.property("ExecMainStatus", of: "liveprobe.service") == "\(status)")
    try host.does("for i in $(seq 60); do [ -e /run/notified ] && exit 0; sleep 1; done; exit 1")
    #expect(try host.says("cat /run/notified") == "\(word) \(status) liveprobe.service")
    let run = try host.property("InvocationID", of: "liveprobe.service")
    let lines = try host.says("journalctl -t liveprobe-notify -o cat -p \(priority)..\(priority)")
    #expect(
      lines
        == "\(word): liveprobe.service ended with status \(status); to read more: journalctl _SYSTEMD_INVOCATION_ID=\(run)"
    )
    #expect(try !host.says("journalctl -o cat _SYSTEMD_INVOCATION_ID=\(run)").isEmpty)
  }

  private func removeAndPurge(on host: DebianHost) throws {
    try host.does("systemctl reset-failed; dpkg -r liveprobe")
    #expect(try host.guest.run("systemctl is-active liveprobe.timer").status != 0)
    #expect(try host.says("systemctl list-timers --no-legend | grep liveprobe || [ $? = 1 ]").isEmpty)
    #expect(try host.says("tail -n 1 /etc/liveprobe/liveprobe.conf") == "# ours")
    try host.does("dpkg -P liveprobe")
    // All but what the lab itself brought.
    let left = try host.says(
      """
      find / -xdev -iname '*liveprobe*' ! -path '/lab/*' ! -path /liveprobe
      grep -rl liveprobe /etc /var/lib/systemd || [ $? = 1 ]
      """)
    #expect(left.isEmpty, "\(left)")
  }

  /// What each check answered, and how much it saw.
  private func answers(_ json: [UInt8]) throws -> [String] {
    let report = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    let checks = try #require(report["checks"] as? [[String: Any]])
    return try checks.map { check in
      let id = try #require(check["id"] as? String)
      let outcome = try #require(check["outcome"] as? String)
      let facts = try #require(check["facts"] as? Int)
      let remarks = try #require(check["remarks"] as? [String])
      return "\(id) \(outcome), \(facts) facts; \(remarks.joined(separator: "; "))"
    }
  }
}
