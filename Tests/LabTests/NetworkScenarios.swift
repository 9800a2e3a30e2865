import Foundation
import Lab

/// What containers and services have of sockets, hooks and formats of programs.
extension Scenario {
  /// Guests that can load what others have not.
  private static let machine = Machine(hasEveryModule: true, preparation: "true")
  private static let whenAllIsAsked = Guests.whenAllIsAsked(why: "a guest of its own boots for it, with every module")

  static let network: [Scenario] = [
    Scenario(
      name: "a socket in another network namespace that /proc/net/tcp does not tell",
      guests: .of(["5.10", "7"], why: "an older and a newer kernel; a saved one tells nothing")
    ) { guest in
      try put("network", into: guest)
      _ = try guest.output(
        of: """
          unshare -n sh -c 'ip link set lo up; exec /tmp/network 4444' </dev/null >/tmp/told 2>&1 &
          for i in 1 2 3 4 5 6 7 8 9 10; do grep -q ready /tmp/told && break; sleep 1; done; grep ready /tmp/told
          """)
      let run = try Change(checks: ["syscall-table", "sockets"], needsUserSpace: true) { tampering in
        // What is shown of each socket: a function that does nothing, and returns 0.
        try tampering.replaceSlot(3, in: "tcp4_seq_ops", with: tampering.system.symbol("no_action"))
        return .tampered("sockets", "(network)")
      }.run(in: guest, prepared: "")
      _ = try guest.output(of: "killall network; rm /tmp/network")
      return run
    }
  ]

  static let services: [Scenario] = [
    Scenario(
      name: "clean, with WireGuard, nftables, TLS, MPTCP, a map of sockets and an interpreter", machine: machine,
      guests: whenAllIsAsked
    ) { guest in
      try put("network", into: guest)
      let has = try guest.output(
        of: """
          modprobe -a wireguard nf_tables nfnetlink_hook tls binfmt_misc 2>/dev/null
          ip link set lo up
          ip link add wg0 type wireguard && ip addr add 10.9.0.1/24 dev wg0 && ip link set wg0 up && echo wireguard
          mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
          echo ':lab:M::LAB:\\xff\\xff\\xff:/bin/busybox:CF' >/proc/sys/fs/binfmt_misc/register
          echo ':exe:E::exe::/bin/busybox:' >/proc/sys/fs/binfmt_misc/register
          ls /proc/sys/fs/binfmt_misc/lab /proc/sys/fs/binfmt_misc/exe >/dev/null && echo interpreters
          mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
          unshare -n sh -c 'ip link set lo up; exec /tmp/network' </dev/null >/tmp/other 2>&1 &
          /tmp/network </dev/null >/tmp/own 2>&1 &
          for i in 1 2 3 4 5 6 7 8 9 10; do [ $(cat /tmp/own /tmp/other | grep -c ready) = 2 ] && break; sleep 1; done
          cat /tmp/own /tmp/other
          """)
      let scans = [try Scan(in: guest), try Scan(ofMemoryOf: guest)]
      let told = try guest.run("/liveprobe scan --only switches --only registered-code -v").text
      var wanted = ["wireguard", "interpreters", "nftables", "sockmap", "ready"]
      // Debian's 5.10 has neither.
      if guest.kernel.label != "5.10" { wanted += ["tls", "mptcp"] }
      var complaints = wanted.filter { !has.contains($0) }.map { "the guest has no \($0): \(has)" }
      // Debian's 5.10 and 6.1 have no CONFIG_NETFILTER_NETLINK_HOOK.
      let hooks = ["5.10", "6.1"].contains(guest.kernel.label) ? [] : [" netfilter hooks"]
      for words in ["binfmt_misc lab", "security hooks"] + hooks where !told.contains(words) {
        complaints.append("nothing is said of \(words): \(told.prefix(4000))")
      }
      _ = try guest.output(
        of: "killall network; ip link del wg0; for f in lab exe; do echo -1 >/proc/sys/fs/binfmt_misc/$f; done")
      return Run(scans: scans, expectation: .clean, complaints: complaints)
    },

    Scenario(
      name: "an interpreter with the file's rights that others than root may replace", machine: machine,
      guests: whenAllIsAsked
    ) { guest in
      _ = try guest.output(
        of: """
          modprobe binfmt_misc
          [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
          chmod 1777 /tmp; cp /bin/busybox /tmp/x
          echo ':open:M::OPEN::/tmp/x:C' >/proc/sys/fs/binfmt_misc/register
          """)
      let scan = try Scan(in: guest, only: ["syscall-table", "switches"])
      _ = try guest.output(of: "echo -1 >/proc/sys/fs/binfmt_misc/open; rm /tmp/x")
      return Run(scans: [scan], expectation: .tampered("switches", "others than root may replace"))
    },
  ]

  /// Brings a program of the lab's own, which `Tests/Lab/build-fixtures` made, to `/tmp`.
  private static func put(_ program: String, into guest: Guest) throws {
    let bytes = try Data(contentsOf: LabSettings().cache.appendingPathComponent(program))
    let pieceSize = 96 << 10
    _ = try guest.output(of: "rm -f /tmp/\(program)")
    for start in stride(from: 0, to: bytes.count, by: pieceSize) {
      let piece = bytes[start..<min(start + pieceSize, bytes.count)].base64EncodedString()
      _ = try guest.output(of: "base64 -d >>/tmp/\(program) <<END\n\(piece)\nEND")
    }
    _ = try guest.output(of: "chmod +x /tmp/\(program)")
  }
}
