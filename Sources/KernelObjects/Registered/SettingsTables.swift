internal import KernelFormats
internal import KernelModel

/// The tables behind `/proc/sys`.
///
/// Source: `struct ctl_dir`, `struct ctl_node`, `struct ctl_table_header`, include/linux/sysctl.h, and new_dir() in fs/proc/proc_sysctl.c
/// (Linux v5.10 to v7.2; before v6.6 a table ends with an entry that has no name, and nothing says how long it is).
enum SettingsTables {
  private static let most = 1 << 16
  private static let mostEntries = 4096
  /// S_IFMT and S_IFDIR, include/uapi/linux/stat.h.
  private static let (kinds, directory): (UInt64, UInt64) = (0o170000, 0o040000)

  /// The entries (`struct ctl_table`) of a directory (`struct ctl_dir`), and of those below it.
  static func registrations(below top: Registration) throws(CannotCheck) -> [Registration] {
    let snapshot = top.object.snapshot
    let type = try snapshot.types.type("ctl_table")
    var found: [Registration] = []
    var seen: Set<UInt64> = []
    var waiting = [Registration(object: top.object, trail: "/proc/sys")]
    while let here = waiting.popLast() {
      let nodes = try snapshot.redBlackTree(
        at: here.object.address(of: "root"), linkedBy: "node", of: "ctl_node", limit: most)
      for node in nodes {
        guard let header = try node.target("header", as: "ctl_table_header"), seen.insert(header.address).inserted
        else { continue }
        guard seen.count <= most else { throw .torn("the tables of /proc/sys", "have no end") }
        for entry in try entries(of: header, type) {
          guard try entry["mode"] & kinds == directory else {
            found.append(Registration(object: entry, trail: here.trail))
            continue
          }
          let name = snapshot.live.text(at: try entry["procname"]) ?? "?"
          waiting.append(
            Registration(
              object: try header.container("ctl_dir", member: "header"), trail: "\(here.trail)/\(name)"))
        }
      }
    }
    return found
  }

  private static func entries(
    of header: KernelObject, _ type: KernelType
  ) throws(CannotCheck) -> [KernelObject] {
    let table: UInt64 = try header["ctl_table"]
    guard table != 0 else { return [] }
    let told: UInt64? = try header.valueIfAny("ctl_table_size")
    let count = told ?? UInt64(mostEntries)
    guard count <= UInt64(mostEntries) else { throw .torn("a table of /proc/sys", "has \(count) entries") }
    var found: [KernelObject] = []
    for index in 0..<count {
      let entry = KernelObject(type, at: table &+ index &* UInt64(type.layout.byteCount), header.snapshot)
      let name: UInt64 = try entry["procname"]
      guard name != 0 else { break }
      found.append(entry)
    }
    return found
  }
}
