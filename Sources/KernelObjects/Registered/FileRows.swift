/// What is registered to be called for files, file systems, settings, keys and by security modules.
extension RegisteredRow {
  private static let roots = [
    Step.variable("super_blocks", of: "list_head"), .list("", of: "super_block", by: "s_list"),
    .pointer("s_root", to: "dentry"),
  ]

  private static let entries = [
    Step.variable("proc_root", of: "proc_dir_entry"), .descendants("subdir", of: "proc_dir_entry", by: "subdir_node"),
  ]
  private static let netEntries =
    firstNamespaces(32) + [
      .pointer("proc_net", to: "proc_dir_entry"), .descendants("subdir", of: "proc_dir_entry", by: "subdir_node"),
    ]
  /// Of the bits of S_IFDIR, and of S_IFREG and S_IFLNK, include/uapi/linux/stat.h.
  private static let (directory, file): (UInt64, UInt64) = (0o040000, 0o100000)

  static let files: [RegisteredRow] = [
    // fs/proc/generic.c: struct proc_dir_entry, fs/proc/internal.h; the first entry is its own parent.
    RegisteredRow(
      "/proc entries", [.variable("proc_root", of: "proc_dir_entry")],
      label: .path("name", above: "parent", before: "/proc/"),
      reads: .allBut(["proc_ops"])),
    RegisteredRow(
      "/proc entries", entries + [.having("mode", bits: directory)],
      label: .path("name", above: "parent", before: "/proc/"), reads: .allBut(["proc_ops"])),
    RegisteredRow(
      "/proc entries", entries + [.having("mode", bits: file)],
      label: .path("name", above: "parent", before: "/proc/"), reads: .allBut(["proc_dir_ops"])),
    RegisteredRow(
      "/proc/net entries", netEntries + [.having("mode", bits: directory)],
      label: .path("name", above: "parent", before: "/proc/"), reads: .allBut(["proc_ops"])),
    RegisteredRow(
      "/proc/net entries", netEntries + [.having("mode", bits: file)],
      label: .path("name", above: "parent", before: "/proc/"), reads: .allBut(["proc_dir_ops"])),
    // fs/filesystems.c, fs/super.c: a list with a head of its own in v7.2.
    RegisteredRow(
      "file systems", [.pointers("file_systems", to: "file_system_type"), .chain(next: "next")], label: .text("name")),
    RegisteredRow(
      "file systems", [.variable("file_systems", of: "hlist_head"), .hlist("", of: "file_system_type", by: "list")],
      label: .text("name")),
    RegisteredRow(
      "mounted file systems",
      [.variable("super_blocks", of: "list_head"), .list("", of: "super_block", by: "s_list")], label: .text("s_id")),
    RegisteredRow(
      "roots of file systems",
      roots + [.pointer("d_inode", to: "inode")]),
    // include/linux/dcache.h: d_subdirs before v6.8.
    RegisteredRow(
      "files in roots of file systems",
      roots + [.list("d_subdirs", of: "dentry", by: "d_child", first: 1024), .pointer("d_inode", to: "inode")]),
    RegisteredRow(
      "files in roots of file systems",
      roots + [.hlist("d_children", of: "dentry", by: "d_sib", first: 1024), .pointer("d_inode", to: "inode")]),
    // fs/proc/proc_sysctl.c.
    RegisteredRow(
      "settings",
      [.variable("sysctl_table_root", of: "ctl_table_root"), .member("default_set.dir"), .settings],
      label: .text("procname")),
    RegisteredRow("settings", firstNamespaces(32) + [.member("sysctls.dir"), .settings], label: .text("procname")),
    // fs/exec.c: formats.
    RegisteredRow(
      "formats of programs", [.variable("formats", of: "list_head"), .list("", of: "linux_binfmt", by: "lh")]),
    // security/security.c: struct security_hook_heads, and static calls since v6.12.
    RegisteredRow(
      "security hooks",
      [
        .variable("security_hook_heads", of: "security_hook_heads"), .parts(of: "hlist_head"),
        .hlist("", of: "security_hook_list", by: "list"),
      ],
      label: .text("lsm"), reads: .members(["hook"])),
    RegisteredRow(
      "security hooks",
      [
        .variable("static_calls_table", of: "lsm_static_calls_table"), .parts(of: "lsm_static_call"),
        .pointer("hl", to: "security_hook_list"),
      ],
      reads: .members(["hook"])),
    RegisteredRow(
      "security hooks' static calls",
      [
        .variable("static_calls_table", of: "lsm_static_calls_table"), .parts(of: "lsm_static_call"),
        .pointer("key", to: "static_call_key"),
      ],
      reads: .members(["func"])),
    // security/keys/key.c.
    RegisteredRow(
      "kinds of keys", [.variable("key_types_list", of: "list_head"), .list("", of: "key_type", by: "link")],
      label: .text("name")),
    // kernel/cgroup/cgroup.c.
    RegisteredRow(
      "control group controllers",
      [
        .pointers("cgroup_subsys", to: "cgroup_subsys", count: .constant("CGROUP_SUBSYS_COUNT", of: "cgroup_subsys_id"))
      ], label: .text("name")),
    // fs/proc/kcore.c (Linux v5.10).
    RegisteredRow("who says which pages are memory", [.words("mem_pfn_is_ram")], reads: .word),
  ]
}
