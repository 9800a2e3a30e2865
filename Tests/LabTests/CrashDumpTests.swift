import Foundation
import Lab
import Testing

/// Kernels of the lab panic as they are told to, and their dumps hold what was true.
@Suite("Dumps of guests that panicked", .lab)
struct CrashDumpTests {
  /// A dump in a directory of its own, which goes with it.
  private final class Made {
    let file: URL
    let facts: DumpFacts
    let log: String
    private let directory: URL

    /// Nil, with a note, where the kernel is missing, or a module of ours for it.
    init?(_ dump: CrashDump, _ label: String) async throws {
      await LabRuns.shared.enter()
      defer { Task { await LabRuns.shared.leave() } }
      let settings = LabSettings()
      guard let kernel = try LabTrait.kernel(label, settings), kernel.hasFixture || !dump.panic.needsFixture else {
        return nil
      }
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-dump-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      do {
        file = try dump.make(on: kernel, settings: settings, in: directory)
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

  @Test(arguments: LabSettings().labels)
  func `a hook that overruns its stack panics where nobody owns the code`(label: String) async throws {
    let dump = CrashDump(.hooked, by: .emulator(format: "elf", hasNote: true))
    guard let made = try await Made(dump, label) else { return }
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
    // The note that the guest handed over.
    let head = try FileHandle(forReadingFrom: made.file).read(upToCount: 65_536)
    #expect(try #require(head).range(of: Data("SYMBOL(swapper_pg_dir)=".utf8)) != nil)
  }

  @Test(arguments: LabSettings().labels)
  func `a kernel's own kernel for dumps writes one that makedumpfile reads`(label: String) async throws {
    let dump = CrashDump(.clean, by: .kdump(arguments: ["-d", "31", "-z"]))
    guard let made = try await Made(dump, label) else { return }
    #expect(try FileHandle(forReadingFrom: made.file).read(upToCount: 8) == Data("KDUMP   ".utf8))
    let messages = URL(fileURLWithPath: made.file.path + ".dmesg")
    let tool = LabSettings().cache.appendingPathComponent("makedumpfile/run")
    let process = try Process.run(tool, arguments: ["--dump-dmesg", made.file.path, messages.path])
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try String(contentsOf: messages, encoding: .utf8).contains("sysrq triggered crash"))
  }

  @Test(
    arguments: ["6.1", "6.12"].filter(LabSettings().labels.contains),
    [
      (Panic.nullDereference, "RIP: 0010:read_record+"), (.driverStack, "corrupted in: fill_name"),
      (.freedText, "[last unloaded: faulty"), (.hungTask, "set_now+"),
    ])
  func `a bad driver of which everybody knows`(label: String, expected: (panic: Panic, text: String)) async throws {
    let dump = CrashDump(expected.panic, by: .emulator(format: "elf", hasNote: false))
    guard let made = try await Made(dump, label) else { return }
    #expect(made.log.contains(expected.text))
    #expect(
      try made.words(1, physical: made.address("physical.sys_call_table"))
        == [made.address("symbol.__x64_sys_read")])
  }
}
