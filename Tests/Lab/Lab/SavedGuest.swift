import Foundation
import Glibc

/// The state of a guest that has booted, in the lab's cache beside its kernel: guests like it start from it in a second.
///
///     <cache>/<label>/guests/<machine>/memory.zst physical memory
///                                      devices    the state of the processors and devices, as QEMU migrates it
///                                      console    what it showed until then
///                                      identity   all that these depend on; it is there when they are
///                                      symbols    see ``SavedSymbols``
///
/// One for each machine: what depends on something else takes the place of what was there.
struct SavedGuest {
  let memory: URL
  let devices: URL
  let console: URL
  let symbols: URL
  private let directory: URL
  private let identityFile: URL
  /// What the state depends on.
  private let identity: String

  init(of kernel: GuestKernel, settings: LabSettings, options: GuestOptions) throws(LabError) {
    let machine = Emulator.machine(options)
    // Words that tell machines apart, with nothing in them that a path cannot have.
    let words =
      [options.processorModel, "\(options.processors)", "\(options.memory)M"]
      + (options.takesVMCoreInfo ? ["vmcoreinfo"] : []) + options.kernelArguments
    let name = String(words.joined(separator: "_").map { $0 == "/" || $0.isWhitespace ? "+" : $0 })
    directory = kernel.directory.appendingPathComponent("guests").appendingPathComponent(name)
    memory = directory.appendingPathComponent("memory.zst")
    devices = directory.appendingPathComponent("devices")
    console = directory.appendingPathComponent("console")
    identityFile = directory.appendingPathComponent("identity")
    symbols = directory.appendingPathComponent("symbols")
    identity = """
      kernel: \(kernel.release)
      emulator: \(Emulator.version)
      machine: \(machine.joined(separator: " "))
      files: \(try Initramfs.identity(for: kernel, settings: settings))
      program: at most \(ProgramPlace.size) bytes

      """
  }

  /// Whether there is a state, made from what there is today.
  var isCurrent: Bool {
    // A file that cannot be read is as good as none.
    (try? String(contentsOf: identityFile, encoding: .utf8)) == identity
  }

  /// Does something while nobody else saves, restores or removes this state.
  func locked<Result>(_ body: () throws(LabError) -> Result) throws(LabError) -> Result {
    try FolderLock.held(directory, body)
  }

  /// Saves a guest, which stays stopped.
  func save(_ emulator: Emulator, _ monitor: Monitor) throws(LabError) {
    remove()
    try monitor.execute("stop")
    let state = emulator.directory.appendingPathComponent("devices")
    try monitor.saveDevices(to: state)
    try SparseFile.copy(state, to: devices)
    try SparseFile.pack(emulator.memoryFile, to: memory)
    try SparseFile.copy(emulator.consoleFile, to: console)
    do {
      try Data(identity.utf8).write(to: identityFile, options: .atomic)
    } catch {
      throw LabError("\(identityFile.path) cannot be written: \(error)")
    }
  }

  /// Removes the state; the identity goes first.
  func remove() { for file in [identityFile, symbols, console, devices, memory] { unlink(file.path) } }
}
