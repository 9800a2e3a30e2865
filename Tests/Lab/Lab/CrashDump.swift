package import Foundation
import Glibc

/// A dump of a guest whose kernel panicked: how it is made, and the making.
///
/// In a directory it is `PANIC-METHOD` with an ending, beside it `.log`, what the console showed, `.facts`, what is true
/// (``DumpFacts``), and, if there was a scan before, `.scan.json` and `.syscalls.json`: what it said, and the map of
/// system calls.
package struct CrashDump: Sendable {
  package let panic: Panic
  package let method: DumpMethod

  package init(_ panic: Panic, by method: DumpMethod) {
    self.panic = panic
    self.method = method
  }

  /// The name without ending.
  package var name: String { "\(panic.rawValue)-\(method.name)" }

  /// Boots a guest, has its kernel panic, and writes the dump into a directory that exists.
  ///
  /// - Parameter liveprobe: the static executable that scans the guest before it panics, if one is to.
  /// - Returns: the dump's file.
  @discardableResult
  package func make(
    on kernel: GuestKernel, settings: LabSettings, liveprobe: URL? = nil, in directory: URL
  ) throws(LabError) -> URL {
    let file = directory.appendingPathComponent("\(name).\(method.ending)")
    let console = directory.appendingPathComponent("\(name).log")
    var options = GuestOptions(kernelArguments: Panic.kernelArguments, processors: 2)
    options.console = console
    var disk: KdumpDisk?
    if case .kdump = method {
      let made = try KdumpDisk()
      disk = made
      options.keptDisk = made.image
      options.hasKdump = true
      options.kernelArguments.append("crashkernel=\(KdumpDisk.reservedMemory)M")
    }
    if case .emulator(_, let hasNote) = method { options.takesVMCoreInfo = hasNote }
    let guest = try Guest.boot(kernel, settings: settings, liveprobe: liveprobe, options: options)
    defer { guest.shutdown() }
    var facts = DumpFacts()
    facts.note("method", method.name)
    if options.takesVMCoreInfo { _ = try guest.output(of: "modprobe qemu_fw_cfg") }
    if case .kdump(let arguments) = method { try KdumpDisk.arm(guest, arguments: arguments) }
    try panic.prepare(Tampering(guest), &facts)
    if liveprobe != nil {
      // Whatever it finds, and takes to be found.
      try write(guest.run("/liveprobe scan --format json", timeout: 600).stdout, ".scan.json", directory)
      try write(guest.run("/liveprobe syscalls --format json", timeout: 600).stdout, ".syscalls.json", directory)
    }
    try panic.strike(guest)
    facts.note("panic.line", guest.consoleLine(with: "Kernel panic - not syncing") ?? "none")
    try write(Array(facts.text.utf8), ".facts", directory)
    // Whoever sees the file sees all of it.
    let part = directory.appendingPathComponent("\(name).part")
    if let disk {
      try guest.waitForEnd(seconds: 600)
      try disk.extract("vmcore", to: part)
    } else if case .emulator(let format, _) = method {
      try guest.waitOnConsole(for: Panic.end, seconds: 60)
      try guest.pause()
      let whole = guest.memoryFile.deletingLastPathComponent().appendingPathComponent("dump")
      try guest.dumpMemory(to: whole, format: format)
      try SparseFile.copy(whole, to: part)
    }
    guard rename(part.path, file.path) == 0 else { throw LabError("\(part.path) cannot be renamed") }
    return file
  }

  private func write(_ bytes: [UInt8], _ ending: String, _ directory: URL) throws(LabError) {
    do {
      try Data(bytes).write(to: directory.appendingPathComponent(name + ending))
    } catch {
      throw LabError("\(directory.path) cannot be written to: \(error)")
    }
  }
}
