/// What consoles, log daemons, programs and people make of a kernel's lines before they reach a file.
struct Dressing: Sendable {
  let name: String
  let apply: @Sendable ([String]) -> [UInt8]

  /// A dressing that puts something before each line; it is given the line's number.
  private init(_ name: String, before: @escaping @Sendable (Int) -> String) {
    self.init(name) { lines in Self.joined(lines.enumerated().map { before($0) + $1 }) }
  }

  private init(_ name: String, _ apply: @escaping @Sendable ([String]) -> [UInt8]) {
    (self.name, self.apply) = (name, apply)
  }

  private static func joined(_ lines: [String], by end: String = "\n") -> [UInt8] {
    Array((lines.joined(separator: end) + end).utf8)
  }

  /// Seconds as the kernel prints them: `512.100070`.
  private static func seconds(_ number: Int) -> String { "512.1\(padded(number * 7, 5, "0"))" }
  private static func stamp(_ number: Int) -> String { "[  \(seconds(number))] " }
  private static func stamped(_ lines: [String]) -> [String] { lines.enumerated().map { stamp($0) + $1 } }
  private static func padded(_ number: Int, _ width: Int, _ fill: String = " ") -> String {
    let digits = "\(number)"
    return String(repeating: fill, count: max(0, width - digits.count)) + digits
  }

  private static func wide(_ text: [UInt8], highFirst: Bool) -> [UInt8] {
    (highFirst ? [0xfe, 0xff] : [0xff, 0xfe]) + text.flatMap { highFirst ? [0, $0] : [$0, 0] }
  }

  private static func json(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\t", with: "\\t")
  }

  private static func wrapped(_ line: String, at width: Int) -> [String] {
    var rest = Substring(line)
    var pieces: [String] = []
    while rest.count > width {
      pieces.append(String(rest.prefix(width)))
      rest = rest.dropFirst(width)
    }
    return pieces + [String(rest)]
  }

  /// Broken at the last space that fits, as mails are.
  private static func folded(_ line: String, at width: Int) -> [String] {
    var rest = Substring(line)
    var pieces: [String] = []
    while rest.count > width, let space = rest.prefix(width).lastIndex(of: " "), space > rest.startIndex {
      pieces.append(String(rest[..<space]))
      rest = rest[space...].drop { $0 == " " }
    }
    return pieces + [String(rest)]
  }

  private static let foreign = [
    "usb 1-2: new high-speed USB device number 4 using xhci_hcd",
    "acme-tco acme-tco: initialized. heartbeat=60 sec (nowayout=0)",
    "audit: type=1400 audit(1795971601.123:45): apparmor=\"ALLOWED\" operation=\"open\"",
    "net-cfg 2-3:1.0: load fw v2 02/07/20",
  ]

  static let all: [Dressing] = [
    Dressing("nothing") { joined($0) },
    Dressing("dmesg") { stamp($0) },
    Dressing("dmesg -x") { "kern  :\($0 % 2 == 0 ? "warn " : "alert") : " + stamp($0) },
    Dressing("dmesg -x of another buffer") { "kern  :emerg : [    \(padded($0, 1)).\(padded($0, 6, "0"))] " },
    Dressing("dmesg -T") { _ in "[Sun Nov 29 17:00:01 2026] " },
    Dressing("dmesg -T, German") { _ in "[So Nov 29 17:00:01 2026] " },
    Dressing("dmesg -T, Japanese") { _ in "[日 11月 29 17:00:01 2026] " },
    Dressing("dmesg -d") { "[  \(seconds($0)) <    0.000070>] " },
    Dressing("dmesg -e") { $0 == 0 ? "[Nov29 17:00] " : "[  +0.000070] " },
    Dressing("dmesg, ISO times") { "2026-11-29T17:00:01,1234\(padded($0, 2, "0"))+01:00 " },
    Dressing("dmesg in colours") { lines in
      joined(lines.enumerated().map { "\u{1b}[32m\(stamp($0))\u{1b}[0m\u{1b}[31m\($1)\u{1b}[0m" })
    },
    Dressing("journalctl") { _ in "Nov 29 17:00:01 srv01 kernel: " },
    Dressing("journalctl, ISO times") { _ in "2026-11-29T17:00:01+0100 srv01 kernel: " },
    Dressing("journalctl, precise") { "Nov 29 17:00:01.1234\(padded($0, 2, "0")) srv01 kernel: " },
    Dressing("journalctl, full") { _ in "Sun 2026-11-29 17:00:01 CET srv01 kernel: " },
    Dressing("journalctl, monotonic") { "[  \(seconds($0))] srv01 kernel: " },
    Dressing("journalctl, Unix times") { "1795971601.1234\(padded($0, 2, "0")) srv01 kernel: " },
    Dressing("journalctl, German") { _ in "Dez 29 17:00:01 srv01 kernel: " },
    Dressing("journalctl, Russian") { _ in "июл 29 17:00:01 srv01 kernel: " },
    Dressing("journalctl, Chinese") { _ in "1月 29 17:00:01 srv01 kernel: " },
    Dressing("journalctl -o json") { lines in
      joined(
        lines.map { "{\"__CURSOR\":\"s=1\",\"MESSAGE\":\"\(json($0))\",\"PRIORITY\":\"4\",\"_TRANSPORT\":\"kernel\"}" })
    },
    Dressing("journalctl -o export") { lines in
      joined(
        lines.map {
          "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795971601123456\n_BOOT_ID=a1b2\nPRIORITY=4\nSYSLOG_IDENTIFIER=kernel\nMESSAGE=\($0)\n_TRANSPORT=kernel\n"
        })
    },
    Dressing("syslog, with the kernel's times") { "Nov 29 17:00:01 srv01 kernel: " + stamp($0) },
    Dressing("syslog, a long host name") { "Nov  9 07:00:01 web-07.eu.example.org kernel: " + stamp($0) },
    Dressing("RFC 3164") { "<\($0 % 8)>Nov 29 17:00:01 srv01 kernel: " + stamp($0) },
    Dressing("RFC 5424") { "<4>1 2026-11-29T17:00:01.1234\(padded($0, 2, "0"))Z srv01 kernel - - - " + stamp($0) },
    Dressing("RFC 5424 without the kernel's times") {
      "<4>1 2026-11-29T17:00:01.1234\(padded($0, 2, "0"))Z srv01 kernel - - - "
    },
    Dressing("logread") { "Sun Nov 29 17:00:01 2026 kern.alert kernel: " + stamp($0) },
    Dressing("netconsole through a log daemon") { "Nov 29 17:00:01 10.0.0.5 " + stamp($0) },
    Dressing("/dev/kmsg") { "4,\(1000 + $0),5121000\(padded($0, 2, "0")),-;" },
    Dressing("netconsole, extended") { "Nov 29 17:00:01 10.0.0.5 4,\(1000 + $0),5121000\(padded($0, 2, "0")),-;" },
    Dressing("netconsole with the release") { "6.1.0-40,4,\(1000 + $0),5121000\(padded($0, 2, "0")),-,caller=T12;" },
    Dressing("priorities") { "<4>" + stamp($0) },
    Dressing("a task's number") { "[  \(seconds($0))][ T2210] " },
    Dressing("a processor's number") { "[  \(seconds($0))][    C3] " },
    Dressing("a telephone's processor and task") { "<4>[  \(seconds($0))] -(3)[2210:kworker/3:2]" },
    Dressing("another telephone's") { "[  \(seconds($0))]  [3:  kworker/3:2: 2210] " },
    Dressing("a small board's processor") { "[  \(seconds($0))@3] " },
    Dressing("carriage returns") { joined(stamped($0), by: "\r\n") },
    Dressing("two carriage returns") { joined(stamped($0), by: "\r\r\n") },
    Dressing("indented") { "    " + stamp($0) },
    Dressing("indented by a tab, no times") { _ in "\t" },
    Dressing("squeezed") { lines in
      joined(stamped(lines).map { $0.split(separator: " ").joined(separator: " ") })
    },
    Dressing("a mail's") { "> " + stamp($0) },
    Dressing("a mail's, twice, no times") { _ in "> > " },
    Dressing("cat -n") { padded($0 + 1, 6) + "\t" + stamp($0) },
    Dressing("grep -n") { "\($0 + 812):" + stamp($0) },
    Dressing("grep -n, no times") { "messages.1:\($0 + 812):" },
    Dressing("a laboratory's times") { "2026-11-29T17:00:01.1234\(padded($0, 2, "0"))  " + stamp($0) },
    Dressing("a terminal server's times") { _ in "[2026-11-29 17:00:01] " },
    Dressing("a container's") { "2026-11-29T17:00:01.1234567\(padded($0, 2, "0"))Z stdout F " + stamp($0) },
    Dressing("a container's JSON") { lines in
      joined(
        stamped(lines).map { "{\"log\":\"\(json($0))\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-29T17:00:01Z\"}" })
    },
    Dressing("a guest's under Xen") { "(d1) " + stamp($0) },
    Dressing("an unknown program's") { "console0|srv01|\($0)| " },
    Dressing("NUL before") { "\0\0" + stamp($0) },
    Dressing("HTML") { lines in
      joined(
        stamped(lines).map {
          $0.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;") + "<br>"
        })
    },
    Dressing("UTF-16") { wide(joined(stamped($0), by: "\r\n"), highFirst: false) },
    Dressing("UTF-16, high byte first") { wide(joined(stamped($0)), highFirst: true) },
    Dressing("80 columns") { joined(stamped($0).flatMap { wrapped($0, at: 80) }) },
    Dressing("100 columns") { joined(stamped($0).flatMap { wrapped($0, at: 100) }) },
    Dressing("a mail's 76 columns") { joined(stamped($0).flatMap { folded($0, at: 76) }) },
    Dressing("pstore") { lines in
      let all = stamped(lines).map { "<4>" + $0 }
      let middle = all.count / 2
      return joined(["Panic#2 Part1"] + all[middle...] + ["Panic#2 Part2"] + all[..<middle])
    },
    Dressing("drivers between") { lines in
      joined(
        lines.enumerated().flatMap { number, line in
          [stamp(number) + line] + (number % 2 == 0 ? [stamp(number) + foreign[number / 2 % foreign.count]] : [])
        })
    },
    Dressing("another's report between, by the callers") { lines in
      let other = [
        "WARNING: CPU: 1 PID: 611 at net/core/dev.c:100 dev_x+0x1/0x20",
        "CPU: 1 PID: 611 Comm: ip Not tainted 9.9.9 #1",
        "RIP: 0010:dev_x+0x1/0x20", "Call Trace:", " dev_a+0x1/0x10", " dev_b+0x1/0x10",
        "---[ end trace 0000000000000000 ]---",
      ]
      return joined(
        lines.enumerated().flatMap { number, line in
          ["[  \(seconds(number))][ T2210] \(line)"]
            + (other.indices.contains(number - 1) ? ["[  \(seconds(number))][  T611] \(other[number - 1])"] : [])
        })
    },
    Dressing("a whole boot before and after") { lines in
      let boot = [
        "Linux version 6.1.0 (gcc 12) #1 SMP", "Command line: quiet panic=10 oops=panic",
        "Freeing unused memory: 2048K",
      ]
      return joined(
        stamped(
          boot + ["WARNING: can't convert GPIOs, 'power' won't be resampled at runtime!"]
            + Array(repeating: "eth0: link becomes ready", count: 300) + lines + boot))
    },
    Dressing("a program's words before the first line") { lines in
      joined(["login: root@srv01:~# \(stamp(0))\(lines[0])"] + stamped(lines).dropFirst())
    },
    Dressing("the console's and the journal's") { lines in
      joined(stamped(lines) + lines.enumerated().map { "Nov 29 17:00:01 srv01 kernel: \(stamp($0))\($1)" })
    },
  ]
}
