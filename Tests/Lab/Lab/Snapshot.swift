package import Foundation

/// A guest's state in a directory, so that a kernel that ran under emulation can be examined natively, again and again.
///
/// The directory holds, each as the guest gave it:
///
///     memory          physical memory; what was never written is a hole
///     core            the beginning of /proc/kcore: its program headers and notes, VMCOREINFO among them
///     kallsyms        /proc/kallsyms
///     modules         /proc/modules
///     notes           /sys/kernel/notes
///     cmdline, version, tainted
///     sections        a line `/sys/module/NAME/sections/.text:ADDRESS` for each module
///     label, release  which kernel of the lab it is, and what `uname -r` says there
///
/// `SavedKernel` reads it.
package enum Snapshot {
  /// What is saved of the guest's files: the name in the directory, and the command that prints it.
  private static let parts = [
    // The headers and the notes take up less than this; behind them lies memory.
    ("core", "dd if=/proc/kcore bs=4096 count=8 2>/dev/null"),
    // The channel is slow, and this is long.
    ("\(symbols).zst", "cat /proc/kallsyms | /lab/zstd -q -1"),
    ("modules", "[ ! -e /proc/modules ] || cat /proc/modules"),
    ("notes", "cat /sys/kernel/notes"),
    ("cmdline", "cat /proc/cmdline"),
    ("version", "uname -v"),
    ("tainted", "cat /proc/sys/kernel/tainted"),
    ("sections", "for f in /sys/module/*/sections/.text; do [ ! -f $f ] || echo $f:$(cat $f); done"),
  ]

  private static let symbols = "kallsyms"

  /// Saves a guest, which stays paused.
  ///
  /// What is read of its files is read just before: nothing of it may change by itself.
  ///
  /// - Parameter hasSymbols: whether `/proc/kallsyms` is to be among them, which takes seconds.
  package static func save(_ guest: Guest, to directory: URL, hasSymbols: Bool = true) throws(LabError) {
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      for (name, command) in parts where hasSymbols || !name.hasPrefix(symbols) {
        let result = try guest.run(command, timeout: 300)
        guard result.status == 0, !result.stdout.isEmpty || ["modules", "sections"].contains(name) else {
          throw LabError("\(guest.kernel): `\(command)` ended with status \(result.status): \(result.errorText)")
        }
        try write(result.stdout, to: directory, name)
      }
      if hasSymbols {
        let packed = directory.appendingPathComponent("\(symbols).zst").path
        guard try ChildProcess(["zstd", "-q", "-d", "-f", "--rm", packed]).wait() == 0 else {
          throw LabError("\(packed) cannot be unpacked")
        }
      }
      try write(Array("\(guest.kernel.label)\n".utf8), to: directory, "label")
      try write(Array("\(guest.kernel.release)\n".utf8), to: directory, "release")
    } catch let error as LabError {
      throw error
    } catch {
      throw LabError("the snapshot could not be written to \(directory.path): \(error)")
    }
    try guest.pause()
    try SparseFile.copy(guest.memoryFile, to: directory.appendingPathComponent("memory"))
  }

  private static func write(_ bytes: [UInt8], to directory: URL, _ name: String) throws {
    try Data(bytes).write(to: directory.appendingPathComponent(name))
  }
}
