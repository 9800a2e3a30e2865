import Lab

/// A guest with systemd, as its administrator uses it.
struct DebianHost {
  let guest: Guest

  init(_ guest: Guest) { self.guest = guest }

  func does(_ command: String) throws { _ = try guest.output(of: command, timeout: 300) }

  func says(_ command: String) throws -> String { try guest.output(of: command) }

  func property(_ name: String, of unit: String) throws -> String {
    try says("systemctl show --value --property=\(name) \(unit)")
  }

  /// Waits until a unit that was started later than `time` (of `CLOCK_MONOTONIC`, in µs) has ended.
  func waitForEnd(of unit: String, after time: Int) throws {
    try does(
      """
      for i in $(seq 280); do
        ended=$(systemctl show --value --property=ExecMainExitTimestampMonotonic \(unit))
        [ "${ended:-0}" -gt \(time) ] && exit 0
        sleep 1
      done
      systemctl status \(unit) >&2
      exit 1
      """)
  }
}
