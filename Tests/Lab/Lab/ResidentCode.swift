/// A small function in a guest's executable memory, which no module owns (`Tests/Lab/fixtures/resident`).
package enum ResidentCode {
  /// The name that lies beside it.
  package static let name = "resident_ni_syscall"
  /// As in the fixture: `endbr64; mov $-ENOSYS, %rax; ret`.
  private static let function: [UInt8] = [0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3]

  /// Has a module leave the function behind, and unloads it.
  ///
  /// Where there is no module of ours it is put from outside into a page that the kernel keeps for code and does not use.
  ///
  /// - Parameter writable: whether the memory stays writable.
  /// - Returns: the function's address.
  package static func leave(in guest: Guest, writable: Bool, _ tampering: Tampering) throws(LabError) -> UInt64 {
    guard guest.kernel.hasFixture else {
      let code = try UnownedCode.address(in: guest)
      try tampering.patch(function + [0, 0, 0, 0] + Array(name.utf8), at: code)
      if writable { try tampering.makeWritable(code) }
      return code
    }
    // module_alloc is in all kernels before Linux commit 223b5e57d0d5 ("mm/execmem, arch: convert remaining overrides of
    // module_alloc to execmem") (in v6.10).
    var allocator = ""
    if let address = try guest.symbols(["execmem_alloc"])["execmem_alloc"] {
      allocator = "allocate=\(hex(address)) takes_type=1"
    } else {
      allocator = "allocate=\(hex(try guest.symbol("module_alloc")))"
    }
    let protection =
      "read_only=\(hex(try guest.symbol("set_memory_ro"))) executable=\(hex(try guest.symbol("set_memory_x")))"
    let code = try guest.output(
      of: """
        set -e
        insmod /fixtures/resident.ko \(allocator) \(protection)\(writable ? " writable=1" : "")
        cat /sys/module/resident/parameters/code
        rmmod resident
        """)
    guard let code = UInt64(code), code != 0 else { throw LabError("\(guest.kernel): no code was left: \(code)") }
    return code
  }

  /// Gives the memory back; what was changed from outside is the tampering's to undo.
  package static func release(_ code: UInt64, in guest: Guest) throws(LabError) {
    guard guest.kernel.hasFixture else { return }
    let protection =
      "no_execute=\(hex(try guest.symbol("set_memory_nx"))) read_write=\(hex(try guest.symbol("set_memory_rw")))"
    _ = try guest.output(of: "insmod /fixtures/resident.ko release=\(hex(code)) \(protection) && rmmod resident")
  }
}
