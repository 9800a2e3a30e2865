import Files
package import KernelModel

/// The kernel's lists of traced functions and of probes, read where somebody has mounted tracefs and debugfs.
///
/// Nothing is mounted for it: /sys/kernel/debug/tracing mounts tracefs when it is looked into, so it is asked only where it is
/// mounted already.
package enum TracingFiles {
  private static let mostBytes = 64 << 20

  /// What is told of tracing under `root`, when it is asked for.
  package static func told(_ root: SystemRoot) -> ToldTracing {
    ToldTracing(
      functions: { Result { () throws(Withheld) in try functions(root) } },
      probes: { Result { () throws(Withheld) in try probes(root) } })
  }

  /// `NAME (USERS) …`, with the name of a module in brackets behind that of its function; a line that goes on begins with a
  /// blank.
  ///
  /// Source: t_show() in kernel/trace/ftrace.c (Linux v5.10 to v7.2).
  private static func functions(_ root: SystemRoot) throws(Withheld) -> Set<String> {
    let text = try text(
      of: "enabled_functions", on: "tracefs", at: ["sys/kernel/tracing", "sys/kernel/debug/tracing"], root)
    var names: Set<String> = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
      guard line.first != UInt8(ascii: "\t"), line.first != UInt8(ascii: " "), words.count > 1,
        words[1].first == UInt8(ascii: "(")
      else { continue }
      names.insert(String(decoding: words[0], as: UTF8.self))
    }
    return names
  }

  /// `ADDRESS  KIND  PLACE …`.
  ///
  /// Source: report_probe() in kernel/kprobes.c (Linux v5.10 to v7.2): addresses are 0 for whoever may not see them.
  private static func probes(_ root: SystemRoot) throws(Withheld) -> Set<UInt64> {
    let text = try text(of: "kprobes/list", on: "debugfs", at: ["sys/kernel/debug"], root)
    var addresses: Set<UInt64> = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let digits = line.prefix { $0 != UInt8(ascii: " ") }
      guard let address = UInt64(String(decoding: digits, as: UTF8.self), radix: 16), address != 0 else {
        throw Withheld("kprobes/list", why: "does not show addresses")
      }
      addresses.insert(address)
    }
    return addresses
  }

  private static func text(
    of file: String, on type: String, at places: [String], _ root: SystemRoot
  ) throws(Withheld) -> [UInt8] {
    // What was mounted last hides what was there before.
    var types: [Substring: Substring] = [:]
    for line in String(decoding: try bytes(of: "proc/self/mounts", root), as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3)
      if words.count > 2 { types[words[1]] = words[2] }
    }
    guard let place = places.first(where: { types["/\($0)"] == type[...] }) else {
      throw Withheld(file, why: "\(type) is not mounted")
    }
    return try bytes(of: "\(place)/\(file)", root)
  }

  private static func bytes(of file: String, _ root: SystemRoot) throws(Withheld) -> [UInt8] {
    do throws(FileFault) {
      return try root.bytes(of: file, limit: mostBytes)
    } catch {
      throw Withheld("/\(file)", why: error.description)
    }
  }
}
