internal import KernelFormats
internal import KernelModel

/// The programs that hang on network devices: XDP, and tcx.
///
/// Source: `struct net_device` in include/linux/netdevice.h; `struct bpf_mprog_entry` in include/linux/bpf_mprog.h (Linux
/// v5.10 to v7.2; tcx since v6.6). What `tc` itself attached is in structures of a module's (`cls_bpf`) and not followed.
enum BpfDevices {
  private static let most = 1 << 16

  static func attachments(_ snapshot: Snapshot) throws(CannotCheck) -> [BpfAttachment] {
    var found: [BpfAttachment] = []
    for space in try snapshot.list(at: "net_namespace_list", linkedBy: "list", of: "net", limit: most) {
      for device in try space.list("dev_base_head", linkedBy: "dev_list", of: "net_device", limit: most).whole() {
        let name = try device.text("name")
        found += try programs(of: device).map {
          BpfAttachment(program: $0.program, means: $0.means, place: .device(name))
        }
      }
    }
    return found
  }

  private static func programs(of device: KernelObject) throws(CannotCheck) -> [(program: UInt64, means: String)] {
    var found: [(UInt64, String)] = []
    if let states = device.type.memberIfAny("xdp_state") {
      for index in 0..<(states.elementCount ?? 0) {
        let state = try device.member("xdp_state", index)
        var program: UInt64 = try state["prog"]
        if program == 0, let link = try state.target("link", as: "bpf_xdp_link") { program = try link["link.prog"] }
        if program != 0 { found.append((program, "xdp")) }
      }
    }
    for list in ["tcx_ingress", "tcx_egress"] where device.has(list) {
      guard let entry = try device.target(list, as: "bpf_mprog_entry") else { continue }
      let places = try entry.type.member("fp_items").elementCount ?? 0
      for index in 0..<places {
        let program: UInt64 = try entry.member("fp_items", index)["prog"]
        // There is no hole: bpf_mprog_foreach_tuple().
        guard program != 0 else { break }
        found.append((program, "tcx"))
      }
    }
    return found
  }
}
