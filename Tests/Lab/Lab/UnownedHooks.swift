import Foundation
import Glibc

/// The hooks of ``HookedModule`` in memory that no module owns, for a kernel that no module of ours can be built for
/// (`Tests/Lab/fixtures/unowned`).
package enum UnownedHooks {
  /// Bytes from the start, as the linker script has it.
  private static let openOffset: UInt64 = 0x80

  /// Puts the hooks into a page that the kernel keeps for code and does not use.
  ///
  /// - Parameter overflow: how many bytes a read asks for that makes the first hook write beyond its buffer.
  /// - Returns: where the hooks of read and open are.
  package static func place(
    _ tampering: Tampering, overflow: Int
  ) throws(LabError) -> (read: UInt64, open: UInt64) {
    let guest = try tampering.guest
    let base = try UnownedCode.address(in: guest)
    let code = try link(guest, to: base, overflow: overflow)
    guard code.count <= 4096, code.starts(with: [0xf3, 0x0f, 0x1e, 0xfa]) else {
      throw LabError("the linked hooks are not what was expected: \(code.count) bytes")
    }
    try tampering.patch(code, at: base)
    return (base, base + openOffset)
  }

  private static func link(_ guest: Guest, to base: UInt64, overflow: Int) throws(LabError) -> [UInt8] {
    let cache = guest.kernel.directory.deletingLastPathComponent()
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-hooks-\(UUID().uuidString)")
    defer { unlink(output.path) }
    var arguments = [
      "ld", "-T", cache.appendingPathComponent("unowned.ld").path, "--oformat", "binary", "-o", output.path,
      "--defsym", "base=\(hex(base))", "--defsym", "overflow=\(overflow)",
    ]
    let places = [
      ("__stack_chk_guard", "__stack_chk_guard"), ("__stack_chk_fail", "__stack_chk_fail"),
      ("original_read", "__x64_sys_read"), ("original_open", "__x64_sys_open"),
    ]
    for (name, symbol) in places { arguments += ["--defsym", "\(name)=\(hex(try guest.symbol(symbol)))"] }
    let status = try ChildProcess(arguments + [cache.appendingPathComponent("unowned.o").path]).wait()
    guard status == 0, let code = FileManager.default.contents(atPath: output.path) else {
      throw LabError("\(guest.kernel): the hooks could not be linked, ld ended with \(status): run build-fixtures")
    }
    return Array(code)
  }
}
