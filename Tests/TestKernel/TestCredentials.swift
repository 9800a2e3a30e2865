extension TestTypes {
  /// What belongs to what a task may do.
  static func addCredentials(_ types: inout SampleBTF, int: UInt32, long: UInt32, pointer: UInt32, user: UInt32) {
    types.structure(
      "cred", 64,
      [
        ("uid", user, 0), ("euid", user, 4 * 8), ("securebits", int, 8 * 8), ("cap_permitted", long, 16 * 8),
        ("cap_effective", long, 24 * 8), ("user", pointer, 32 * 8),
      ])
  }

  /// What belongs to switches: a parameter of the kernel's, and SELinux's state.
  static func addSwitches(_ types: inout SampleBTF, char: UInt32, pointer: UInt32) {
    types.structure("kernel_param", 16, [("name", pointer, 0), ("arg", pointer, 8 * 8)])
    types.structure("selinux_state", 2, [("enforcing", char, 0), ("initialized", char, 8)])
    types.enumeration(
      "lockdown_reason", [("LOCKDOWN_NONE", 0), ("LOCKDOWN_INTEGRITY_MAX", 2), ("LOCKDOWN_CONFIDENTIALITY_MAX", 3)])
  }

  /// What binfmt_misc is found by.
  static func addInterpreters(_ types: inout SampleBTF, int: UInt32, long: UInt32, pointer: UInt32, list: UInt32) {
    let kind = types.structure("file_system_type", 8, [("name", pointer, 0)])
    types.structure(
      "super_block", 64,
      [
        ("s_list", list, 0), ("s_type", types.add(2, size: kind), 16 * 8), ("s_user_ns", pointer, 24 * 8),
        ("s_inodes", list, 32 * 8), ("s_dev", int, 48 * 8),
      ])
    types.structure("inode", 24, [("i_sb_list", list, 0), ("i_private", pointer, 16 * 8)])
    types.structure("user_namespace", 8, [("binfmt_misc", pointer, 0)])
    types.structure("binfmt_misc", 24, [("entries", list, 8 * 8)])
    // A type of a module's, of which the kernel knows nothing.
    types.structure(
      "lab_binfmt_node", 256,
      [
        ("list", list, 0), ("flags", long, 16 * 8), ("offset", int, 24 * 8), ("size", int, 28 * 8),
        ("magic", pointer, 32 * 8), ("mask", pointer, 40 * 8), ("interpreter", pointer, 48 * 8),
        ("name", pointer, 56 * 8), ("dentry", pointer, 64 * 8), ("text", types.array(of: long, 0), 96 * 8),
      ])
  }

  /// What belongs to keyrings.
  static func addKeys(_ types: inout SampleBTF, int: UInt32, long: UInt32, pointer: UInt32) {
    let keys = types.structure("assoc_array", 16, [("nr_leaves_on_tree", long, 0), ("root", pointer, 8 * 8)])
    types.structure(
      "assoc_array_node", 48, [("back_pointer", pointer, 0), ("slots", types.array(of: pointer, 4), 16 * 8)])
    types.structure("assoc_array_shortcut", 16, [("next_node", pointer, 8 * 8)])
    let payload = types.structure("key_payload", 8, [("data", types.array(of: pointer, 1), 0)])
    types.structure("key", 32, [("description", pointer, 0), ("payload", payload, 8 * 8), ("keys", keys, 16 * 8)])
    types.structure("public_key", 16, [("keylen", int, 0), ("key", pointer, 8 * 8)])
  }

  /// What belongs to sockets.
  static func addSockets(
    _ types: inout SampleBTF, char: UInt32, int: UInt32, pointer: UInt32, list: UInt32, user: UInt32
  ) {
    let short = types.integer("unsigned short", 2)
    let long = types.array(of: char, 16)
    let space = types.structure("possible_net_t", 8, [("net", pointer, 0)])
    let common = types.structure(
      "sock_common", 96,
      [
        ("skc_daddr", int, 0), ("skc_rcv_saddr", int, 4 * 8), ("skc_dport", short, 8 * 8), ("skc_num", short, 10 * 8),
        ("skc_family", short, 12 * 8), ("skc_state", char, 14 * 8), ("skc_net", space, 16 * 8),
        ("skc_v6_daddr", long, 24 * 8), ("skc_v6_rcv_saddr", long, 40 * 8), ("skc_node", list, 56 * 8),
        ("skc_nulls_node", list, 56 * 8), ("skc_portaddr_node", list, 72 * 8),
      ])
    types.structure(
      "sock", 128,
      [
        ("__sk_common", common, 0), ("sk_uid", user, 96 * 8), ("sk_filter", pointer, 104 * 8),
        ("sk_socket", pointer, 112 * 8), ("sk_ino", pointer, 120 * 8),
      ])
    types.structure("inet_ehash_bucket", 8, [("chain", pointer, 0)])
    types.structure("inet_listen_hashbucket", 16, [("nulls_head", pointer, 8 * 8)])
    types.structure(
      "inet_hashinfo", 32,
      [("ehash", pointer, 0), ("ehash_mask", int, 8 * 8), ("lhash2_mask", int, 12 * 8), ("lhash2", pointer, 16 * 8)])
    types.structure("udp_hslot", 16, [("head", pointer, 0)])
    types.structure("udp_table", 24, [("hash", pointer, 0), ("hash2", pointer, 8 * 8), ("mask", int, 16 * 8)])
    types.structure("raw_hashinfo", 16, [("ht", types.array(of: types.add(2), 2), 0)])
    let row = types.structure("inet_timewait_death_row", 8, [("hashinfo", pointer, 0)])
    let internet = types.structure("netns_ipv4", 16, [("tcp_death_row", row, 0), ("udp_table", pointer, 8 * 8)])
    let packets = types.structure("netns_packet", 8, [("sklist", pointer, 0)])
    // A head is a structure: of an array, each element is a head.
    let head = types.structure("list_anchor", 16, [("next", pointer, 0), ("prev", pointer, 8 * 8)])
    let entry = types.structure(
      "nf_hook_entry", 16, [("hook", types.add(2, size: types.add(13)), 0), ("priv", pointer, 8 * 8)])
    types.structure(
      "nf_hook_entries", 8, [("num_hook_entries", short, 0), ("hooks", types.array(of: entry, 0), 8 * 8)])
    let hooks = types.structure(
      "netns_nf", 64,
      [("hooks_ipv4", types.array(of: pointer, 5), 0), ("hooks_arp", types.array(of: pointer, 3), 40 * 8)])
    types.structure(
      "net", 112,
      [("ipv4", internet, 0), ("packet", packets, 16 * 8), ("dev_base_head", head, 32 * 8), ("nf", hooks, 48 * 8)])
    types.structure("net_device", 32, [("dev_list", list, 0), ("name", long, 16 * 8)])
    types.structure("nsproxy", 8, [("net_ns", pointer, 0)])
  }
}
