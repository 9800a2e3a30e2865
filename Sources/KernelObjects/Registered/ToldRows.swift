internal import KernelFormats
internal import KernelModel

/// The files that list what is registered, each beside the function of the kernel's source that makes it (Linux v5.10 to v7.2).
///
/// None is here that leaves anything out, but what its row leaves out as well.
extension ToldRow {
  package static let rows: [ToldRow] = [
    // fs/filesystems.c: filesystems_proc_show(): `nodev`, or nothing, and the name.
    ToldRow(
      "file systems", "proc/filesystems", starts("file systems"), label: text("name"), names: lines { $0.last }),
    // fs/char_dev.c: chrdev_show(); fs/proc/devices.c has both in one file.
    ToldRow(
      "character devices", "proc/devices",
      [.variables([.pointers("chrdevs", to: "char_device_struct", count: .atMost(255)), .chain(next: "next")])],
      label: numbered("major"), names: part("Character devices:")),
    // block/genhd.c: blkdev_show().
    ToldRow(
      "block devices", "proc/devices", starts("block devices"), label: numbered("major"),
      names: part("Block devices:")),
    // drivers/char/misc.c: misc_seq_show().
    ToldRow(
      "miscellaneous devices", "proc/misc", starts("miscellaneous devices"), label: numbered("minor"),
      names: lines { $0.joined(separator: " ") }),
    // fs/proc/proc_tty.c: show_tty_driver(), one line or more for each driver, and some for devices that have none. A line ends with
    // the device's name, numbers, and type.
    ToldRow(
      "terminal drivers", "proc/tty/drivers", starts("terminal drivers"), isWhole: false,
      label: { (driver, _) throws(CannotCheck) in
        // One without devices has no line.
        guard try driver["num"] as UInt32 != 0 else { return nil }
        return try "/dev/\(name("name", driver)) \(driver["major"] as Int32)"
      }, names: lines { $0.count > 3 ? $0.suffix(4).prefix(2).joined(separator: " ") : nil }),
    // drivers/tty/tty_ldisc.c: tty_ldiscs_seq_show(): the name and the number.
    ToldRow(
      "line disciplines", "proc/tty/ldiscs", starts("line disciplines"), label: text("name"),
      names: lines { $0.dropLast().joined(separator: " ") }),
    // fs/proc/consoles.c: show_console_dev().
    ToldRow(
      "consoles", "proc/consoles", starts("consoles"),
      label: { (console, _) throws(CannotCheck) in try "\(name("name", console))\(console["index"] as Int32)" },
      names: lines { $0.first }),
    // drivers/input/input.c: input_handlers_seq_show(), input_devices_seq_show().
    ToldRow(
      "input handlers", "proc/bus/input/handlers", starts("input handlers"), label: text("name"),
      names: lines { words in
        var rest = words.dropFirst(2)
        if rest.last?.rest(behind: "Minor=") != nil { rest = rest.dropLast() }
        if rest.last == "(filter)" { rest = rest.dropLast() }
        return rest.joined(separator: " ").rest(behind: "Name=")
      }),
    ToldRow(
      "input devices", "proc/bus/input/devices", starts("input devices"), label: text("name"),
      names: lines { $0.joined(separator: " ").rest(behind: "N: Name=\"")?.rest(before: "\"") }),
    // net/core/sock.c: proto_seq_show().
    ToldRow(
      "socket protocols", "proc/net/protocols", starts("socket protocols"),
      label: { (protocol, _) throws(CannotCheck) in
        String(decoding: try name("name", `protocol`).utf8.prefix { $0 != 0x20 }, as: UTF8.self)
      }, names: lines(header: 1) { $0.first }),
    // net/core/net-procfs.c: ptype_seq_show(). Of the lists of devices older kernels do not tell, so that these are left out here; what
    // is told of them has the device's name behind the type.
    ToldRow(
      "packet types", "proc/1/net/ptype",
      [
        .variables([.array("ptype_base", of: "list_head", count: .atMost(16)), packetTypes("")]),
        .variables([.variable("ptype_all", of: "list_head"), packetTypes("")]),
        .variables([.variable("net_hotdata", of: "net_hotdata"), packetTypes("ptype_all")]),
        .network([packetTypes("ptype_all")]),
      ], isWhole: false,
      label: { (type, network) throws(CannotCheck) in
        if let other = try type.valueIfAny("af_packet_net"), other != 0, other != network?.address { return nil }
        if let device = try type.valueIfAny("dev"), device != 0 { return nil }
        // ETH_P_ALL, include/uapi/linux/if_ether.h.
        let number = (try type["type"] as UInt16).byteSwapped
        return number == 3 ? "ALL" : number.hexadecimalDigits(atLeast: 4)
      }, names: { text in text.lines.filter { $0.utf8.dropFirst(5).first == 0x20 }.compactMap { $0.words.first } }),
    // net/core/net-procfs.c: dev_seq_show().
    ToldRow(
      "network devices", "proc/1/net/dev", [.network([.list("dev_base_head", of: "net_device", by: "dev_list")])],
      label: text("name"),
      names: { text in text.lines.dropFirst(2).map { String(decoding: $0.utf8.prefix { $0 != 0x3a }, as: UTF8.self) } }),
    // net/ipv4/tcp_cong.c: tcp_get_available_congestion_control(); net/ipv4/tcp_ulp.c: tcp_get_available_ulp().
    ToldRow(
      "congestion control", "proc/sys/net/ipv4/tcp_available_congestion_control", starts("congestion control"),
      label: text("name"), names: \.words),
    ToldRow(
      "upper layers of TCP", "proc/sys/net/ipv4/tcp_available_ulp", starts("upper layers of TCP"),
      label: text("name"), names: \.words),
    // security/inode.c: lsm_read(): of v6.8 and later those in `lsm_idlist`; security/security.c: security_add_hooks() adds each name. A
    // module that was built to be there early is told even if it is off, and one that took its hooks away (SELinux before v6.4) stays.
    ToldRow(
      "security modules", "sys/kernel/security/lsm", securityModules, isWhole: false, label: text("name"),
      names: \.parts),
    ToldRow(
      "security hooks", "sys/kernel/security/lsm", starts("security hooks"), isWhole: false, isOnce: true,
      label: { (hook, _) throws(CannotCheck) in
        guard hook.has("lsmid") else { return try name("lsm", hook) }
        return try hook.target("lsmid", as: "lsm_id").map { (module) throws(CannotCheck) in try name("name", module) }
          ?? ""
      }, names: \.parts),
    // security/lsm_syscalls.c: lsm_list_modules().
    ToldRow(
      "numbers of security modules", ToldLists.securityModules, securityModules,
      label: { (module, _) throws(CannotCheck) in "\(try module["id"] as UInt64)" }, names: \.lines),
    // net/netfilter/nfnetlink_hook.c: nfnl_hook_dump(), by family and hook. What is left of one that was taken away is told as well.
    ToldRow(
      "netfilter hooks", ToldLists.netfilterHooks,
      [
        .network([
          .pointer("nf.hooks_ipv4|nf.hooks_ipv6|nf.hooks_arp|nf.hooks_bridge", to: "nf_hook_entries"),
          .elements("hooks", count: "num_hook_entries"),
        ])
      ], isWhole: false,
      place: { trail in
        // `nf.hooks_ipv4[3] entry 0`
        let parts = trail.utf8.split { [0x5b, 0x5d, 0x5f].contains($0) }.map { String(decoding: $0, as: UTF8.self) }
        return parts.count > 2 ? "\(parts[1]) hook \(parts[2])" : ""
      }, label: { (_, _) throws(CannotCheck) in "" }, names: \.lines),
  ]

  private static let securityModules: [Start] = [
    .variables([.pointers("lsm_idlist", to: "lsm_id", count: .atMost(256))])
  ]

  /// Where the rows of what is registered have them.
  private static func starts(_ name: String) -> [Start] {
    RegisteredRow.rows.filter { $0.name == name }.map { .variables($0.steps) }
  }

  private static func packetTypes(_ head: String) -> RegisteredRow.Step {
    .list(head, of: "packet_type", by: "list")
  }

  // MARK: In memory

  private static func name(_ path: String, _ object: KernelObject) throws(CannotCheck) -> String {
    if let name = Registration.text(path, of: object) { return name }
    throw .implausible("the \(object.type.name) at \(KernelAddress(object.address))", "has no name")
  }

  private static func text(
    _ path: String
  ) -> @Sendable (KernelObject, KernelObject?) throws(CannotCheck) -> String? {
    { (object, _) throws(CannotCheck) in try name(path, object) }
  }

  private static func numbered(
    _ number: String
  ) -> @Sendable (KernelObject, KernelObject?) throws(CannotCheck) -> String? {
    { (object, _) throws(CannotCheck) in "\(try object[number] as Int32) \(try name("name", object))" }
  }

  // MARK: In text

  /// The name in each line that has one, by its words.
  private static func lines(
    header: Int = 0, _ name: @escaping @Sendable ([String]) -> String?
  ) -> @Sendable (String) -> [String] {
    { text in text.lines.dropFirst(header).compactMap { name($0.words) } }
  }

  /// The lines behind a heading, up to the next, which ends with a colon and has no number.
  private static func part(_ heading: String) -> @Sendable (String) -> [String] {
    { text in
      let lines = text.lines
      guard let start = lines.firstIndex(of: heading) else { return [] }
      return Array(lines[(start + 1)...].prefix { $0.words.first.flatMap { Int($0) } != nil })
    }
  }
}

/// By bytes: a name may hold whatever joins with what stands beside it.
extension String {
  fileprivate var lines: [String] {
    utf8.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
  }

  fileprivate var words: [String] {
    utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// What stands between commas.
  fileprivate var parts: [String] {
    utf8.split(separator: 0x2c).map { String(decoding: $0, as: UTF8.self) }
  }

  fileprivate func rest(behind start: String) -> String? {
    utf8.starts(with: start.utf8) ? String(decoding: utf8.dropFirst(start.utf8.count), as: UTF8.self) : nil
  }

  fileprivate func rest(before end: String) -> String? {
    utf8.reversed().starts(with: end.utf8.reversed())
      ? String(decoding: utf8.dropLast(end.utf8.count), as: UTF8.self) : nil
  }
}
