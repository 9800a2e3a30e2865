package import Foundation
import Glibc

/// A kernel that has booted: runs commands inside, and reads and writes its memory from outside.
///
/// Not for use by two threads at once. The guest ends with `shutdown()`, with the last reference to it, or with this
/// process.
package final class Guest: TamperedKernel {
  /// Who runs a command.
  package enum User: Sendable { case root, guest }

  package let kernel: GuestKernel
  /// The guest's physical memory.
  package let memory: GuestMemory
  package var memoryFile: URL { emulator.memoryFile }
  /// From starting the emulator to the first command, in seconds.
  package private(set) var startSeconds = 0.0
  private let emulator: Emulator
  /// Kept beside what it was restored from.
  private let savedSymbols: SavedSymbols?
  private var monitor: Monitor?
  private let channel: CommandChannel
  private var commandCount = 0
  private var knownSymbols: [String: UInt64] = [:]
  private var knownMap: AddressMap?

  /// Boots a kernel and waits until it takes commands.
  ///
  /// - Parameter liveprobe: the static executable that becomes `/liveprobe` in the guest; without one there is none.
  package static func boot(
    _ kernel: GuestKernel, settings: LabSettings, liveprobe: URL? = nil, options: GuestOptions = GuestOptions()
  ) throws(LabError) -> Guest {
    try Guest(kernel: kernel, settings: settings, liveprobe: liveprobe, options: options)
  }

  /// Starts a guest as it was when its kernel had booted: it is restored from the lab's cache, where the first one of its
  /// kernel and machine is saved.
  ///
  /// Two of them differ in nothing but the program and the time of day: addresses and random numbers are the same, too. What
  /// cannot be saved, because it has a disk, is booted; so is what counts instructions, which is measured from the beginning,
  /// and, with a word about it, what fails to be restored.
  ///
  /// - Parameter isKept: whether it is saved for those after it; one that is not is booted if none was saved before.
  package static func restored(
    _ kernel: GuestKernel, settings: LabSettings, liveprobe: URL? = nil, options: GuestOptions = GuestOptions(),
    isKept: Bool = true
  ) throws(LabError) -> Guest {
    guard kernel.disk == nil, options.keptDisk == nil, !options.hasKdump, !options.hasEveryModule,
      !options.countsInstructions
    else {
      return try boot(kernel, settings: settings, liveprobe: liveprobe, options: options)
    }
    let saved = try SavedGuest(of: kernel, settings: settings, options: options)
    guard isKept || saved.isCurrent else {
      return try boot(kernel, settings: settings, liveprobe: liveprobe, options: options)
    }
    return try saved.locked { () throws(LabError) in
      for _ in 0..<2 {
        let first = saved.isCurrent ? nil : try bootToSave(kernel, settings, options)
        do throws(LabError) {
          if let first { try saved.save(first.emulator, first.connectedMonitor()) }
          first?.shutdown()
          return try Guest(restoring: saved, kernel, liveprobe: liveprobe, options: options)
        } catch {
          saved.remove()
          FileHandle.standardError.write(Data("NOT RESTORED: a guest of \(kernel): \(error)\n".utf8))
        }
      }
      return try boot(kernel, settings: settings, liveprobe: liveprobe, options: options)
    }
  }

  /// Boots a guest that has a place for the program, and no program.
  private static func bootToSave(
    _ kernel: GuestKernel, _ settings: LabSettings, _ options: GuestOptions
  ) throws(LabError) -> Guest {
    let file = try ProgramPlace.makeFile()
    defer { unlink(file.path) }
    return try boot(kernel, settings: settings, liveprobe: file, options: options)
  }

  private init(
    restoring saved: SavedGuest, _ kernel: GuestKernel, liveprobe: URL?, options: GuestOptions
  ) throws(LabError) {
    let begin = ContinuousClock.now
    let emulator = try Emulator(kernel: kernel, saved: saved, options: options)
    let symbols: SavedSymbols
    var command = "rm /liveprobe"
    do throws(LabError) {
      symbols = try SavedSymbols(saved.symbols)
      memory = try GuestMemory(file: emulator.memoryFile)
      if let liveprobe { command = "truncate -s \(try ProgramPlace.fill(with: liveprobe, in: memory)) /liveprobe" }
      channel = try CommandChannel(
        socket: emulator.channelSocket.path, deadline: Deadline(seconds: options.bootTimeout)
      ) { emulator.isRunning }
      let monitor = try Monitor(emulator)
      try monitor.restoreDevices(from: saved.devices)
      try monitor.execute("cont")
      self.monitor = monitor
    } catch {
      let words = emulator.lastWords
      emulator.stop()
      throw LabError("\(error)\nthe emulator says:\n\(words)")
    }
    self.kernel = kernel
    self.emulator = emulator
    savedSymbols = symbols
    knownSymbols = symbols.known
    // Its clock stood still when it was saved.
    let now = Int(Date.now.timeIntervalSince1970)
    let release = try output(of: "\(command) && date -s @\(now) >/dev/null && uname -r", timeout: 30)
    guard release == kernel.release else { throw LabError("the guest is of \(release)") }
    startSeconds = begin.duration(to: .now).seconds
  }

  private init(kernel: GuestKernel, settings: LabSettings, liveprobe: URL?, options: GuestOptions) throws(LabError) {
    let start = try GuestStart(for: kernel, settings: settings, liveprobe: liveprobe, options: options)
    // The emulator has opened it by the time the guest speaks.
    defer { start.removePayload() }
    let begin = ContinuousClock.now
    let emulator = try Emulator(
      kernel: kernel, initramfs: start.initramfs, disks: start.disks, options: start.options)
    let deadline = Deadline(seconds: options.bootTimeout)
    do throws(LabError) {
      channel = try CommandChannel(socket: emulator.channelSocket.path, deadline: deadline) { emulator.isRunning }
      let greeting = try channel.readLine(deadline: deadline)
      guard greeting == "ready \(kernel.release)" else {
        throw LabError("the guest says \"\(greeting)\" instead of \"ready \(kernel.release)\"")
      }
      memory = try GuestMemory(file: emulator.memoryFile)
    } catch {
      let console = emulator.lastWords
      emulator.stop()
      throw LabError("\(kernel) did not boot: \(error)\nits console:\n\(console)")
    }
    self.kernel = kernel
    self.emulator = emulator
    savedSymbols = nil
    startSeconds = begin.duration(to: .now).seconds
    if let command = start.unpacking { _ = try output(of: command) }
  }

  /// Ends the guest at once.
  ///
  /// May be called again.
  package func shutdown() { emulator.stop() }

  /// Stops the guest's processors.
  package func pause() throws(LabError) { try connectedMonitor().execute("stop") }

  /// Lets the guest's processors go on.
  package func resume() throws(LabError) { try connectedMonitor().execute("cont") }

  /// Has the emulator translate code anew from now on, so that changes that were made to it from outside count.
  ///
  /// Otherwise the emulator notices only what the guest itself changes. Translations are kept by how they were made, and
  /// these are not to be chained (accel/tcg/cpu-exec.c, curr_cflags(), QEMU 7.2).
  package func translateAnew() throws(LabError) { try connectedMonitor().executeHuman("log nochain") }

  /// Ends what ``translateAnew()`` began: code is chained again, and what was translated before that is used again.
  package func translateAsBefore() throws(LabError) { try connectedMonitor().executeHuman("log none") }

  /// Has the emulator write the guest's memory to a file, while the guest is stopped.
  ///
  /// - Parameter format: `elf`, or of kdump-compressed, flattened, `kdump-zlib`, `kdump-lzo` or `kdump-snappy`
  ///   (qapi/dump.json, QEMU 7.2).
  package func dumpMemory(to file: URL, format: String = "elf") throws(LabError) {
    let arguments: [String: Any] = ["paging": false, "protocol": "file:\(file.path)", "format": format]
    try connectedMonitor().execute("dump-guest-memory", arguments)
  }

  private func connectedMonitor() throws(LabError) -> Monitor {
    if let monitor { return monitor }
    let monitor = try Monitor(emulator)
    self.monitor = monitor
    return monitor
  }

  /// Runs a shell command in the guest.
  ///
  /// - Parameter timeout: in seconds; the guest kills the command then, and its status is 137.
  package func run(_ command: String, as user: User = .root, timeout: Int = 120) throws(LabError) -> CommandResult {
    commandCount += 1
    let script = user == .root ? command : "exec su -s /bin/sh guest -c \(Self.quoted(command))"
    let line = "\(commandCount) \(timeout) \(Data(script.utf8).base64EncodedString())\n"
    do throws(LabError) {
      try channel.send(Array(line.utf8))
      // The emulated clock may run slower than ours, and the output takes its time on the wire.
      let deadline = Deadline(seconds: Double(timeout) * 2 + 60)
      let header = try channel.readLine(deadline: deadline).split(separator: " ")
      guard header.count == 6, header[0] == "frame", header[1] == "\(commandCount)",
        let status = Int(header[2]), let hundredths = Int(header[3]), let stdout = Int(header[4]),
        let stderr = Int(header[5]), stdout >= 0, stderr >= 0
      else { throw LabError("the guest's answer has the header \"\(header.joined(separator: " "))\"") }
      return CommandResult(
        status: status, stdout: try channel.read(count: stdout, deadline: deadline),
        stderr: try channel.read(count: stderr, deadline: deadline), seconds: Double(hundredths) / 100)
    } catch {
      throw LabError("\(kernel): `\(command)`: \(error)\nits console:\n\(emulator.lastWords)")
    }
  }

  /// Has the guest run a command that does not end, because the kernel does; nothing can be run after that.
  package func runLast(_ command: String) throws(LabError) {
    try channel.send(Array("last 3600 \(Data(command.utf8).base64EncodedString())\n".utf8))
  }

  /// Waits until the console shows a text, for some seconds.
  package func waitOnConsole(for text: String, seconds: Double) throws(LabError) {
    let deadline = Deadline(seconds: seconds)
    while consoleLine(with: text) == nil {
      guard emulator.isRunning, !deadline.hasPassed else {
        throw LabError("\(kernel): its console does not show \"\(text)\":\n\(emulator.lastWords)")
      }
      usleep(50_000)
    }
  }

  /// The first line of the console that has a text in it.
  package func consoleLine(with text: String) -> String? {
    // A file that is not there yet is an empty console.
    let console = FileManager.default.contents(atPath: emulator.consoleFile.path) ?? Data()
    let lines = String(decoding: console, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.first { $0.contains(text) }.map(String.init)
  }

  /// Waits until the emulator has ended by itself, because the guest switched itself off, for some seconds.
  package func waitForEnd(seconds: Double) throws(LabError) {
    let deadline = Deadline(seconds: seconds)
    while emulator.isRunning {
      guard !deadline.hasPassed else {
        throw LabError("\(kernel) did not end in \(Int(seconds)) seconds:\n\(emulator.lastWords)")
      }
      usleep(100_000)
    }
  }

  /// Runs a command that must succeed, and returns what it printed, without the space around it.
  package func output(of command: String, timeout: Int = 120) throws(LabError) -> String {
    let result = try run(command, timeout: timeout)
    guard result.status == 0 else {
      throw LabError("\(kernel): `\(command)` ended with status \(result.status): \(result.errorText)")
    }
    return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// What was asked for once is remembered.
  package func symbols(_ names: [String]) throws(LabError) -> [String: UInt64] {
    let unknown = names.filter { knownSymbols[$0] == nil }
    if !unknown.isEmpty {
      var ofKernel: [String: UInt64] = [:]
      let patterns = unknown.map { "-e ' \($0)'" }.joined(separator: " ")
      // grep's status 1 says that there is none of them.
      for line in try output(of: "grep -F \(patterns) /proc/kallsyms || [ $? = 1 ]").split(separator: "\n") {
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count >= 3, let address = UInt64(fields[0], radix: 16), address != 0 else { continue }
        let name = String(fields[2])
        guard unknown.contains(name), knownSymbols[name] == nil else { continue }
        knownSymbols[name] = address
        // Of a module's the guest's line names the module, and the next guest has it elsewhere.
        if fields.count == 3 { ofKernel[name] = address }
      }
      savedSymbols?.add(ofKernel)
    }
    return knownSymbols.filter { names.contains($0.key) }
  }

  package func kallsyms(awk program: String) throws(LabError) -> String {
    try output(of: "awk \(Self.quoted(program)) /proc/kallsyms")
  }

  package func addressMap() throws(LabError) -> AddressMap {
    if let knownMap { return knownMap }
    // The table of program headers and the notes follow the ELF header; together they are shorter than this.
    let head = try run("dd if=/proc/kcore bs=4096 count=8 2>/dev/null")
    guard head.status == 0 else { throw LabError("\(kernel): /proc/kcore cannot be read: \(head.errorText)") }
    let map = try AddressMap(elfCoreHead: head.stdout)
    knownMap = map
    return map
  }

  /// Has a process allocate a page: it belongs to a file in memory, `/tmp/unowned`, and stays until that is removed.
  package func unownedPage() throws(LabError) -> UInt64 {
    let marker = UUID().uuidString + UUID().uuidString
    // The file's page is one of those that begin with the marker; the others are what the command left in buffers.
    _ = try output(of: "{ printf %s \(marker); head -c \(4096 - marker.utf8.count) /dev/zero; } >/tmp/unowned")
    for physical in try memory.pages(beginningWith: Array(marker.utf8)) {
      let tag = UUID().uuidString
      let before = try memory.read(physical: physical, count: tag.utf8.count)
      try memory.write(physical: physical, Array(tag.utf8))
      if try output(of: "head -c \(tag.utf8.count) /tmp/unowned") == tag { return physical }
      try memory.write(physical: physical, before)
    }
    throw LabError("\(kernel): the page of /tmp/unowned was not found in the guest's memory")
  }

  private static func quoted(_ command: String) -> String {
    "'" + command.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}

extension Duration {
  /// This duration in seconds.
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
