internal import KernelFormats
package import KernelModel

extension X86_64 {
  package static func executableMemory(_ reader: Snapshot) throws(CannotCheck) -> [ExecutableOwners.Claim] {
    try realMode(reader) + kexec(reader) + hypercallPage(reader)
  }

  private static func claim(
    _ start: UInt64, _ byteCount: UInt64, _ kind: ExecutableOwners.Kind, _ name: String
  ) -> [ExecutableOwners.Claim] {
    ExecutableOwners.Claim(start, byteCount, kind, name).map { [$0] } ?? []
  }

  /// What starts other processors, below one megabyte.
  ///
  /// Source: set_real_mode_permissions() in arch/x86/realmode/init.c (Linux v5.10 to v7.2).
  private static func realMode(_ reader: Snapshot) throws(CannotCheck) -> [ExecutableOwners.Claim] {
    guard let header = try reader.target("real_mode_header", of: "real_mode_header"),
      let base = try reader.value(UInt64.self, of: "page_offset_base")
    else { return [] }
    let start: UInt32
    let end: UInt32
    do throws(CannotCheck) {
      start = try header["text_start"]
      end = try header["ro_end"]
    } catch {
      // A kernel's own dump lacks the first megabyte (elf_header_exclude_ranges, arch/x86/kernel/crash.c, Linux v6.1): then all
      // that was copied there counts.
      guard case .memoryUnreadable = error, let blob = reader.symbols["real_mode_blob"],
        let blobEnd = reader.symbols["real_mode_blob_end"], blobEnd > blob, blobEnd - blob < 1 << 20
      else { throw error }
      let size = pageEnd(blobEnd - blob)
      return claim(pageStart(header.address), size, .realMode, "real_mode_blob")
    }
    guard start < end, end < 1 << 20 else { return [] }
    let byteCount = pageEnd(UInt64(end))
    return claim(base &+ UInt64(start), byteCount - UInt64(start), .realMode, "real_mode_blob")
  }

  /// The page from which another kernel is started, where one is loaded.
  ///
  /// Source: machine_kexec_prepare() in arch/x86/kernel/machine_kexec_64.c (Linux v7.2).
  private static func kexec(_ reader: Snapshot) throws(CannotCheck) -> [ExecutableOwners.Claim] {
    var claims: [ExecutableOwners.Claim] = []
    for variable in ["kexec_image", "kexec_crash_image"] {
      guard let image = try reader.target("kimage", of: variable),
        let pages = try reader.value(UInt64.self, of: "vmemmap_base"),
        let base = try reader.value(UInt64.self, of: "page_offset_base"),
        let size = reader.types.structure("page")?.byteCount, size > 0
      else { continue }
      let page: UInt64 = try image["control_code_page"]
      guard page >= pages else { continue }
      claims += claim(base &+ (page - pages) / UInt64(size) &* pageSize, 2 * pageSize, .kexec, variable)
    }
    return claims
  }

  /// The page that Hyper-V fills with the instruction that calls it.
  ///
  /// Source: hyperv_init() in arch/x86/hyperv/hv_init.c (Linux v5.10 to v7.2).
  private static func hypercallPage(_ reader: Snapshot) throws(CannotCheck) -> [ExecutableOwners.Claim] {
    guard let page = try reader.value(UInt64.self, of: "hv_hypercall_pg"), page != 0 else { return [] }
    return claim(page, pageSize, .hypercall, "hv_hypercall_pg")
  }
}
