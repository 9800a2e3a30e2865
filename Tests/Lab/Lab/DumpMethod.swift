/// How a dump is made.
package enum DumpMethod: Sendable, Hashable {
  /// By QEMU, from outside, after the kernel has come to rest; see ``Guest/dumpMemory(to:format:)`` for the formats.
  ///
  /// With or without the note VMCOREINFO, which the guest hands over.
  case emulator(format: String, hasNote: Bool)
  /// By the distribution's `makedumpfile`, in the kernel that the panicking one starts, with these arguments; without any,
  /// `/proc/vmcore` is copied as it is.
  case kdump(arguments: [String])

  /// For example `qemu`, `qemu-note`, `qemu-note-kdump-zlib`, `kdump-31-zstd`, `kdump-raw`.
  package var name: String {
    switch self {
    case .emulator(let format, let hasNote):
      "qemu" + (hasNote ? "-note" : "") + (format == "elf" ? "" : "-\(format)")
    case .kdump(let arguments) where arguments.isEmpty: "kdump-raw"
    case .kdump(let arguments):
      (["kdump"] + arguments.filter { $0 != "-d" }.map { Self.words[$0] ?? $0 }).joined(separator: "-")
    }
  }

  /// Of the file's name.
  package var ending: String {
    switch self {
    case .emulator(let format, _): format == "elf" ? "elf" : "flat"
    case .kdump(let arguments): arguments.isEmpty || arguments.contains("-E") ? "elf" : "kdump"
    }
  }

  /// What makedumpfile calls its compressions, and ELF (makedumpfile(8) of version 1.7.8).
  private static let words = ["-c": "zlib", "-l": "lzo", "-p": "snappy", "-z": "zstd", "-E": "elf"]
  package static let emulatorFormats = ["elf", "kdump-zlib", "kdump-lzo", "kdump-snappy"]

  /// The method of a name, or nil; the reverse of ``name``.
  package init?(_ name: String) {
    var parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    switch parts.removeFirst() {
    case "qemu":
      let hasNote = parts.first == "note"
      if hasNote { parts.removeFirst() }
      let format = parts.isEmpty ? "elf" : parts.joined(separator: "-")
      guard Self.emulatorFormats.contains(format) else { return nil }
      self = .emulator(format: format, hasNote: hasNote)
    case "kdump" where parts == ["raw"]: self = .kdump(arguments: [])
    case "kdump":
      guard let level = parts.first.flatMap(Int.init), 0...31 ~= level, parts.count <= 2 else { return nil }
      var arguments = ["-d", String(level)]
      if parts.count == 2 {
        guard let option = Self.words.first(where: { $0.value == parts[1] })?.key else { return nil }
        arguments.append(option)
      }
      self = .kdump(arguments: arguments)
    default: return nil
    }
  }
}
