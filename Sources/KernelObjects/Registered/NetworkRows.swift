/// What is registered to be called for packets, sockets and network devices.
extension RegisteredRow {
  private static let namespaces = firstNamespaces(1024)

  /// The host's own is the first; those of containers follow.
  static func firstNamespaces(_ count: Int) -> [Step] {
    [.variable("net_namespace_list", of: "list_head"), .list("", of: "net", by: "list", first: count)]
  }

  private static let networkDevices = namespaces + [.list("dev_base_head", of: "net_device", by: "dev_list")]

  static let network: [RegisteredRow] = [
    // net/netfilter/core.c: struct netns_nf, struct nf_hook_entries.
    RegisteredRow(
      "netfilter hooks",
      namespaces + [
        .pointer(
          "nf.hooks_ipv4|nf.hooks_ipv6|nf.hooks_arp|nf.hooks_bridge|nf.hooks_decnet", to: "nf_hook_entries"),
        .elements("hooks", count: "num_hook_entries"),
      ]),
    RegisteredRow(
      "netfilter hooks",
      networkDevices + [
        .pointer("nf_hooks_ingress|nf_hooks_egress", to: "nf_hook_entries"),
        .elements("hooks", count: "num_hook_entries"),
      ]),
    // net/netfilter/nf_log.c, nf_sockopt.c.
    RegisteredRow("netfilter loggers", namespaces + [.pointer("nf.nf_loggers", to: "nf_logger")], label: .text("name")),
    RegisteredRow(
      "netfilter socket options",
      [.variable("nf_sockopts", of: "list_head"), .list("", of: "nf_sockopt_ops", by: "list")]),
    // net/core/dev.c: ptype_base; ptype_all is in net_hotdata in v6.12, and in each namespace in v7.2.
    RegisteredRow(
      "packet types",
      [.array("ptype_base", of: "list_head", count: .atMost(16)), .list("", of: "packet_type", by: "list")]),
    RegisteredRow("packet types", [.variable("ptype_all", of: "list_head"), .list("", of: "packet_type", by: "list")]),
    RegisteredRow(
      "packet types", [.variable("net_hotdata", of: "net_hotdata"), .list("ptype_all", of: "packet_type", by: "list")]),
    RegisteredRow("packet types", namespaces + [.list("ptype_all|ptype_specific", of: "packet_type", by: "list")]),
    RegisteredRow("packet types", networkDevices + [.list("ptype_all|ptype_specific", of: "packet_type", by: "list")]),
    // net/core/gro.c.
    RegisteredRow(
      "packet offloads", [.variable("offload_base", of: "list_head"), .list("", of: "packet_offload", by: "list")]),
    RegisteredRow(
      "packet offloads",
      [.variable("net_hotdata", of: "net_hotdata"), .list("offload_base", of: "packet_offload", by: "list")]),
    // net/ipv4/protocol.c, net/ipv6/protocol.c.
    RegisteredRow("internet protocols", [.pointers("inet_protos", to: "net_protocol", count: .atMost(256))]),
    RegisteredRow("internet protocols", [.pointers("inet6_protos", to: "inet6_protocol", count: .atMost(256))]),
    RegisteredRow("internet protocols", [.pointers("inet_offloads", to: "net_offload", count: .atMost(256))]),
    RegisteredRow("internet protocols", [.pointers("inet6_offloads", to: "net_offload", count: .atMost(256))]),
    // net/ipv4/af_inet.c, net/ipv6/af_inet6.c.
    RegisteredRow(
      "kinds of sockets",
      [.array("inetsw", of: "list_head", count: .atMost(11)), .list("", of: "inet_protosw", by: "list")]),
    RegisteredRow(
      "kinds of sockets",
      [.array("inetsw6", of: "list_head", count: .atMost(11)), .list("", of: "inet_protosw", by: "list")]),
    // net/core/sock.c, net/socket.c.
    RegisteredRow(
      "socket protocols", [.variable("proto_list", of: "list_head"), .list("", of: "proto", by: "node")],
      label: .text("name")),
    RegisteredRow("socket families", [.pointers("net_families", to: "net_proto_family", count: .atMost(46))]),
    RegisteredRow("socket diagnostics", [.pointers("sock_diag_handlers", to: "sock_diag_handler", count: .atMost(46))]),
    // net/packet/af_packet.c: struct netns_packet.
    RegisteredRow("packet sockets", namespaces + [.hlist("packet.sklist", of: "sock", by: "__sk_common.skc_node")]),
    // net/ipv4/inet_hashtables.c: struct inet_hashinfo, all that listen in one table of its own before v5.19.
    RegisteredRow(
      "listening sockets",
      [
        .variable("tcp_hashinfo", of: "inet_hashinfo"), .member("listening_hash"),
        .hlist("nulls_head", of: "sock", by: "__sk_common.skc_node"),
      ]),
    RegisteredRow(
      "listening sockets",
      [
        .variable("tcp_hashinfo", of: "inet_hashinfo"), .lacking("listening_hash"),
        .buckets("lhash2", mask: "lhash2_mask", of: "inet_listen_hashbucket"),
        .hlist("nulls_head", of: "sock", by: "__sk_common.skc_node"),
      ]),
    // net/ipv4/udp.c: struct udp_table; net/ipv4/raw.c, net/ipv6/raw.c: struct raw_hashinfo.
    RegisteredRow(
      "datagram sockets",
      [
        .variable("udp_table", of: "udp_table"), .buckets("hash", mask: "mask", of: "udp_hslot"),
        .hlist("head", of: "sock", by: "__sk_common.skc_node"),
      ]),
    RegisteredRow(
      "raw sockets",
      [
        .variable("raw_v4_hashinfo", of: "raw_hashinfo"), .hlist("ht", of: "sock", by: "__sk_common.skc_node"),
      ]),
    RegisteredRow(
      "raw sockets",
      [
        .variable("raw_v6_hashinfo", of: "raw_hashinfo"), .hlist("ht", of: "sock", by: "__sk_common.skc_node"),
      ]),
    // net/core/net_namespace.c, net/core/rtnetlink.c, include/linux/netdevice.h.
    RegisteredRow(
      "network namespaces' parts",
      [.variable("pernet_list", of: "list_head"), .list("", of: "pernet_operations", by: "list")]),
    RegisteredRow(
      "kinds of network devices",
      [.variable("link_ops", of: "list_head"), .list("", of: "rtnl_link_ops", by: "list")], label: .text("kind")),
    RegisteredRow("network devices", networkDevices, label: .text("name")),
    // net/ipv4/tcp_cong.c, tcp_ulp.c.
    RegisteredRow(
      "congestion control",
      [.variable("tcp_cong_list", of: "list_head"), .list("", of: "tcp_congestion_ops", by: "list")],
      label: .text("name")),
    RegisteredRow(
      "upper layers of TCP",
      [.variable("tcp_ulp_list", of: "list_head"), .list("", of: "tcp_ulp_ops", by: "list")], label: .text("name")),
    // net/netlink/genetlink.c.
    RegisteredRow(
      "netlink families", [.variable("genl_fam_idr", of: "idr"), .idr("", of: "genl_family")], label: .text("name")),
  ]
}
