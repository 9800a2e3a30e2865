package import Foundation
import Glibc

/// A dump of a guest whose kernel panicked: how it is made, and the making.
///
/// In a directory it is `PANIC-METHOD` with an ending, beside it `.log`, what the console showed, `.facts`, what is true
/// (``DumpFacts``), and, if the executable was there, `.syscalls.json`: where it said that each system call leads.
package struct CrashDump: Sendable {
  package let panic: Panic
  package let method: DumpMethod

  package init(_ panic: Panic, by method: DumpMethod) {
    self.panic = panic
    self.method = method
  }

  /// The name without ending.
  package var name: String { "\(panic.rawValue)-\(method.name)" }

  /// Starts a guest, has its kernel panic, and writes the dump into a directory that exists.
  ///
  /// - Parameter liveprobe: the static executable that maps the guest's system calls before it panics, if one is to.
  /// - Returns: the dump's file.
  @discardableResult
  package func make(
    on kernel: GuestKernel, settings: LabSettings, liveprobe: URL? = nil, in directory: URL
  ) throws(LabError) -> URL {
    let disk: KdumpDisk? = if case .kdump = method { try KdumpDisk() } else { nil }
    var options = options(disk)
    options.console = directory.appendingPathComponent("\(name).log")
    let guest = try Guest.restored(kernel, settings: settings, liveprobe: liveprobe, options: options)
    defer { guest.shutdown() }
    var facts = DumpFacts()
    facts.note("method", method.name)
    if options.takesVMCoreInfo { _ = try guest.output(of: "modprobe qemu_fw_cfg") }
    if case .kdump(let arguments) = method { try KdumpDisk.arm(guest, arguments: arguments) }
    try panic.prepare(Tampering(guest), &facts)
    if liveprobe != nil {
      try write(guest.run("/liveprobe syscalls --format json", timeout: 600).stdout, ".syscalls.json", directory)
    }
    try panic.strike(guest)
    facts.note("panic.line", guest.consoleLine(with: "Kernel panic - not syncing") ?? "none")
    try write(Array(facts.text.utf8), ".facts", directory)

    // Whoever sees the file sees all of it.
    let part = directory.appendingPathComponent("\(name).part")
    let file = directory.appendingPathComponent("\(name).\(method.ending)")
    try save(guest, disk, to: part)
    guard rename(part.path, file.path) == 0 else { throw LabError("\(part.path) cannot be renamed") }
    return file
  }

  private func options(_ disk: KdumpDisk?) -> GuestOptions {
    var options = GuestOptions(kernelArguments: Panic.kernelArguments, processors: 2)
    if case .emulator(_, let hasNote) = method { options.takesVMCoreInfo = hasNote }
    if let disk {
      options.keptDisk = disk.image
      options.hasKdump = true
      options.kernelArguments.append("crashkernel=\(KdumpDisk.reservedMemory)M")
    }
    return options
  }

  /// Waits until the panic is over, and writes what there is then.
  private func save(_ guest: Guest, _ disk: KdumpDisk?, to file: URL) throws(LabError) {
    switch method {
    case .emulator(let format, _):
      try guest.waitOnConsole(for: panic.end, seconds: 60)
      try guest.pause()
      let whole = guest.memoryFile.deletingLastPathComponent().appendingPathComponent("dump")
      try guest.dumpMemory(to: whole, format: format)
      try SparseFile.copy(whole, to: file)
    case .kdump:
      // The second kernel switches off when it has written.
      try guest.waitForEnd(seconds: 600)
      try disk?.extract("vmcore", to: file)
    }
  }

  private func write(_ bytes: [UInt8], _ ending: String, _ directory: URL) throws(LabError) {
    do {
      try Data(bytes).write(to: directory.appendingPathComponent(name + ending))
    } catch {
      throw LabError("\(directory.path) cannot be written to: \(error)")
    }
  }
}
