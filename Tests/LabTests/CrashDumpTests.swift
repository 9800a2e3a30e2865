import Foundation
import Lab
import Testing

/// Kernels of the lab panic as they are told to, their dumps hold what was true, and the program tells it.
@Suite("Dumps of guests that panicked", .lab)
struct CrashDumpTests {
  /// A dump in a directory of its own, which goes with it.
  private final class Made {
    let file: URL
    let facts: DumpFacts
    let log: String
    private let directory: URL
    private let label: String
    private let settings: LabSettings

    /// Nil, with a note, where the kernel is missing, or a module of ours for it.
    ///
    /// - Parameter maps: whether the guest says where its system calls lead before it panics.
    init?(_ dump: CrashDump, _ label: String, maps: Bool = false) async throws {
      await LabRuns.shared.enter()
      defer { Task { await LabRuns.shared.leave() } }
      let settings = LabSettings()
      self.label = label
      self.settings = settings
      guard let kernel = try LabTrait.kernel(label, settings), kernel.hasFixture || !dump.panic.needsFixture else {
        return nil
      }
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-dump-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      do {
        file = try dump.make(
          on: kernel, settings: settings, liveprobe: maps ? settings.liveprobe : nil, in: directory)
        let path = directory.appendingPathComponent(dump.name)
        facts = DumpFacts(text: try String(contentsOf: path.appendingPathExtension("facts"), encoding: .utf8))
        log = String(decoding: try Data(contentsOf: path.appendingPathExtension("log")), as: UTF8.self)
      } catch {
        // The failure is what to tell.
        try? FileManager.default.removeItem(at: directory)
        throw error
      }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// The story that the program tells of it, and its exit status.
    func story() throws -> (story: CrashStory, status: Int32) {
      try CrashStory.tell(file, label: label, settings: settings)
    }

    /// Where each system call leads: as the dump says, and as the guest said before.
    func systemCalls() throws -> (dead: Data, live: Data) {
      let dead = try CrashStory.run(["syscalls", "--image", file.path, "--format", "json"], settings).output
      let path = file.deletingPathExtension().appendingPathExtension("syscalls.json")
      return (dead, try Data(contentsOf: path))
    }

    func address(_ key: String) throws -> UInt64 {
      let text = try #require(facts[key]?.split(separator: " ").first, "no fact \(key)")
      return try #require(UInt64(text.dropFirst(2), radix: 16), "\(key)=\(text)")
    }

    /// The words of the dump, an ELF file, at a physical address.
    func words(_ count: Int, physical: UInt64) throws -> [UInt64] {
      let handle = try FileHandle(forReadingFrom: file)
      defer { try? handle.close() }
      let map = try AddressMap(elfCoreHead: Array(try #require(try handle.read(upToCount: 4096))))
      // QEMU gives each segment its physical address as the virtual one (dump/dump.c, QEMU 7.2).
      try handle.seek(toOffset: map.fileOffset(of: physical))
      let bytes = Array(try #require(try handle.read(upToCount: count * 8)))
      return (0..<count).map { index in
        bytes[index * 8..<index * 8 + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
    }
  }

  @Test(arguments: chosen(["5.10", "7"]))
  func `a hook that overruns its stack panics where nobody owns the code`(label: String) async throws {
    let dump = CrashDump(.hooked, by: .emulator(format: "elf", hasNote: true))
    guard let made = try await Made(dump, label, maps: true) else { return }
    let line = try #require(made.facts["panic.line"])
    // No symbol: the kernel does not know whose that is.
    let text = try #require(line.split(separator: " ").last { $0.hasPrefix("0x") }, "\(line)")
    let place = try #require(UInt64(text.dropFirst(2), radix: 16))
    let hook = try made.address("hook.0")
    #expect(hook < place && place <= hook + 0x80)
    #expect(
      try made.words(3, physical: made.address("physical.sys_call_table"))
        == [hook, made.address("symbol.__x64_sys_write"), made.address("hook.2")])
    #expect(made.facts["module.hooked"] == nil && made.facts["module.loop"] != nil)
    try expectHookedStory(made)
    let calls = try made.systemCalls()
    #expect(!calls.live.isEmpty && calls.dead == calls.live)
    // The note that the guest handed over.
    let head = try FileHandle(forReadingFrom: made.file).read(upToCount: 65_536)
    #expect(try #require(head).range(of: Data("SYMBOL(swapper_pg_dir)=".utf8)) != nil)
  }

  /// The story of the case that all of this began with.
  private func expectHookedStory(_ made: Made) throws {
    let (story, status) = try made.story()
    let hook = hex(try made.address("hook.0"))
    #expect(status == 2)
    #expect(story.headline.hasPrefix("system call 0 (read) led into unowned memory at \(hook), which also holds "))
    for name in HookedModule.names { #expect(story.headline.contains(name)) }
    #expect(story.headline.hasSuffix("; the stack shows it ran"))
    #expect(story.systemCall?.number == 0)
    #expect(story.systemCall?.handlers.map(\.address) == [hook])
    #expect(story.system.addressOwner?.contains("unowned") == true)
    #expect(story.system.log.contains { $0.text.contains("stack-protector: Kernel stack is corrupted in") })
    #expect(story.stack?.trace.contains { $0.owner.hasPrefix("__stack_chk_fail+") } == true)
    let words = story.stack?.raw.flatMap(\.words) ?? []
    #expect(words.contains { $0.ownerKind == "nobody" && $0.followsCall && $0.value == story.system.address })
    #expect(story.foreign.first?.references.contains { $0.target == hook } == true)
    #expect(story.likenesses.first?.what == "a rootkit")
  }

  /// The levels and compressions of makedumpfile, one after the other over the kernels.
  ///
  /// Level 0 for 7.2: at level 31, version 1.7.8, which is older, leaves out pages of it that are in use.
  private static let methods = [["-d", "31", "-z"], ["-d", "0", "-c"], ["-d", "31", "-c"], ["-d", "0", "-z"]]

  /// The kernels that a dump is made of: these, or all of them if all of the lab is asked for.
  private static func chosen(_ labels: Set<String>) -> [String] {
    let settings = LabSettings()
    return settings.tier == .all ? settings.labels : settings.labels.filter(labels.contains)
  }

  private static func kdumps(_ labels: Set<String>, _ methods: [[String]]) -> [(String, [String])] {
    let chosen = chosen(labels)
    return zip(GuestKernel.labels, methods).filter { chosen.contains($0.0) }
  }

  @Test(arguments: kdumps(["6.12"], methods))
  func `a kernel's own kernel for dumps writes the hooked one down`(label: String, arguments: [String]) async throws {
    guard let made = try await Made(CrashDump(.hooked, by: .kdump(arguments: arguments)), label) else { return }
    #expect(try FileHandle(forReadingFrom: made.file).read(upToCount: 8) == Data("KDUMP   ".utf8))
    try expectHookedStory(made)
  }

  @Test(arguments: kdumps([], [methods[3], methods[0], methods[2], methods[1]]))
  func `a kernel that somebody had crash has nothing to hide`(label: String, arguments: [String]) async throws {
    guard let made = try await Made(CrashDump(.clean, by: .kdump(arguments: arguments)), label) else { return }
    let (story, status) = try made.story()
    #expect(status == 0)
    #expect(story.headline == "somebody asked for this crash (sysrq)")
    #expect(story.context?.task == "sh")
    #expect(story.foreign.isEmpty)
    #expect(story.scan.status == "OK")
  }

  @Test(
    arguments: ["6.12"].filter(LabSettings().labels.contains),
    [
      (
        Panic.nullDereference, "RIP: 0010:read_record+",
        "a pointer that leads nowhere (0x20) was used in module faulty, read_record+"
      ),
      (.driverStack, "corrupted in: fill_name", "a function overran its own stack in module faulty, fill_name"),
      (.freedText, "[last unloaded: faulty", "the processor was sent to 0x"),
      (.hungTask, "set_now+", "a task was blocked for too long: sh ("),
    ].filter { LabSettings().tier == .all || [.driverStack, .freedText].contains($0.0) })
  func `a bad driver of which everybody knows`(
    label: String, expected: (panic: Panic, text: String, headline: String)
  ) async throws {
    let dump = CrashDump(expected.panic, by: .emulator(format: "elf", hasNote: false))
    guard let made = try await Made(dump, label) else { return }
    #expect(made.log.contains(expected.text))
    let (story, status) = try made.story()
    #expect(status == 0)
    #expect(story.headline.hasPrefix(expected.headline), "\(story.headline)")
    #expect(story.foreign.isEmpty && story.scan.status == "OK")
    if expected.panic == .freedText { #expect(story.system.lastUnloaded == "faulty") }
    #expect(
      try made.words(1, physical: made.address("physical.sys_call_table"))
        == [made.address("symbol.__x64_sys_read")])
  }

  @Test(arguments: ["6.1"].filter(LabSettings().labels.contains))
  func `of a kernel that went on the task is told that died, and not the one that runs`(label: String) async throws {
    guard let made = try await Made(CrashDump(.survived, by: .emulator(format: "elf", hasNote: false)), label) else {
      return
    }
    let (story, status) = try made.story()
    // The task is gone, and with it its stack.
    #expect(status == 3)
    #expect(story.context == nil)
    #expect(story.headline.hasPrefix("a pointer that leads nowhere (0x20) was used in module faulty, read_record+"))
    #expect(story.unknown.contains { $0.hasPrefix("where it was: ") && $0.contains("the kernel went on after it") })
  }
}
