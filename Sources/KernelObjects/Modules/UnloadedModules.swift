package import KernelModel

/// Modules that were unloaded, as far as the kernel remembers them.
package struct UnloadedModules: Hashable, Sendable {
  /// The one that was unloaded last, as an oops prints it; nil if none was.
  package var last: String?
  /// Those that tainted the kernel, and with which letters.
  package var tainting: [Record] = []

  package struct Record: Hashable, Sendable {
    package var name: String
    package var taints: String
    /// How many times it was unloaded.
    package var count: UInt64
  }

  private static let most = 1024

  package init(_ reader: Snapshot) throws(CannotCheck) {
    last = Self.last(reader)
    guard reader.symbols["unloaded_tainted_modules"] != nil, reader.types.structure("mod_unload_taint") != nil else {
      return
    }
    // Source: `struct mod_unload_taint`, kernel/module/internal.h, since Linux kernel commit 99bd9956551b ("module:
    // Introduce module unload taint tracking") (in v5.19).
    let records = try reader.list(
      at: "unloaded_tainted_modules", linkedBy: "list", of: "mod_unload_taint", limit: Self.most)
    for record in records {
      tainting.append(
        Record(
          name: reader.live.text(at: try record.address(of: "name")) ?? "?",
          taints: TaintFlags.letters(try record["taints"]), count: try record.valueIfAny("count") ?? 1))
    }
  }

  /// The one that was unloaded last.
  ///
  /// An array of characters up to Linux v6.0, a structure that begins with one later: kernel/module/main.c.
  package static func last(_ reader: Snapshot) -> String? {
    reader.symbols["last_unloaded_module"].flatMap { reader.live.text(at: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
