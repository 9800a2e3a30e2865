import Foundation
import Lab
import Testing

/// Whether the lab itself can be relied on: kernels boot, commands carry bytes, memory is where we think it is.
@Suite("The lab's harness", .lab)
struct HarnessTests {
  /// The oldest and the newest, if not all of the lab is asked for: rows on the others tell as much.
  private static let labels = LabSettings().labels.filter {
    LabSettings().tier == .all || [GuestKernel.labels.first, GuestKernel.labels.last].contains($0)
  }

  @Test(arguments: labels)
  func `a kernel boots, and what is read from outside is what the guest reads`(label: String) async throws {
    await LabRuns.shared.enter()
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(label, settings) else { return }
    let guest = try Guest.boot(kernel, settings: settings)
    defer { guest.shutdown() }

    #expect(try guest.output(of: "uname -r") == kernel.release)
    let refused = try guest.run("id -u; cat /proc/kcore", as: .guest)
    #expect(refused.status != 0 && refused.text == "1000\n")
    #expect(try guest.run("sleep 30", timeout: 1).status == 137)

    // The slot as the guest sees it, through its own /proc/kcore.
    let table = try guest.symbol("sys_call_table")
    let map = try guest.addressMap()
    let inside = try guest.run(
      "dd if=/proc/kcore bs=8 count=1 skip=\(try map.fileOffset(of: table) / 8) 2>/dev/null")
    let physical = try map.physical(of: table)
    #expect(try guest.memory.read(physical: physical, count: 8) == inside.stdout)
    #expect(try guest.memory.readWord(physical: physical) == guest.symbol("__x64_sys_read"))

    // The same place by another way: /proc/iomem says where the image lies.
    let code = try guest.output(of: "grep 'Kernel code' /proc/iomem").split(separator: "-")[0]
    let start = try #require(UInt64(code, radix: 16))
    #expect(try map.physical(of: guest.symbol("_text")) == start)

    // A change from outside is seen inside, and undone.
    let tampering = Tampering(guest)
    try tampering.swapSlots(102, 104)
    #expect(try tampering.value(ofSlot: 102) == guest.symbol("__x64_sys_getgid"))
    let page = try tampering.plantUnownedPage()
    #expect(try guest.output(of: "strings /tmp/unowned").contains(Tampering.UnownedPage.names.joined(separator: "\n")))
    #expect(
      try guest.memory.pages(beginningWith: [UInt8](repeating: 0, count: 0x40) + [0xf3, 0x0f, 0x1e, 0xfa])
        .contains { try map.directMap(of: $0) == page.address })
    try tampering.restore()
    #expect(try tampering.value(ofSlot: 102) == guest.symbol("__x64_sys_getuid"))

    let begin = ContinuousClock.now
    try SavedKernelTrial.run(guest)
    print("kernel \(label) is saved and examined in \(Int(begin.duration(to: .now).seconds)) s")
  }

  @Test
  func `a command's output is carried byte for byte`() async throws {
    await LabRuns.shared.enter()
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(settings.labels.first ?? GuestKernel.labels[0], settings) else { return }
    let guest = try Guest.restored(kernel, settings: settings)
    defer { guest.shutdown() }
    let begin = ContinuousClock.now
    let result = try guest.run("head -c 1000000 /dev/urandom >/tmp/x; cat /tmp/x; md5sum </tmp/x >&2; exit 7")
    let seconds = begin.duration(to: .now).seconds
    #expect(result.status == 7)
    #expect(result.stdout.count == 1_000_000)
    print("the channel carries \(Int(Double(result.stdout.count) / seconds / 1000)) kB/s")
    #expect(try guest.output(of: "exit 0").isEmpty)
  }

  @Test(arguments: LabSettings().labels)
  func `a restored guest is as the kernel booted, with the program of today, whatever was done in the one before`(
    label: String
  ) async throws {
    await LabRuns.shared.enter()
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(label, settings) else { return }
    var seen: [[String]] = []
    for _ in 0..<2 {
      let guest = try Guest.restored(kernel, settings: settings, liveprobe: settings.liveprobe)
      defer { guest.shutdown() }
      let tampering = Tampering(guest)
      let shown = try guest.output(
        of: "sha256sum </liveprobe; cat /proc/modules; ls /tmp; grep -w sys_call_table /proc/kallsyms")
      seen.append([shown, hex(try tampering.value(ofSlot: 102))])
      let clock = try #require(Double(guest.output(of: "date +%s")))
      #expect(abs(clock - Date.now.timeIntervalSince1970) < 60)
      _ = try guest.output(of: "modprobe dummy; touch /tmp/here")
      try tampering.swapSlots(102, 104)
      print("\(label): restored in \(guest.startSeconds) s")
    }
    #expect(seen[0] == seen[1])
    #expect(seen[0][0].split(separator: " ").first == (try sha256(of: settings.liveprobe)))

    // What is damaged is saved anew, which takes a boot: on one kernel.
    guard label == settings.labels.first else { return }
    let devices = kernel.directory.appendingPathComponent("guests/max_1_1024M/devices")
    let size = try Data(contentsOf: devices).count
    try FileHandle(forWritingTo: devices).truncate(atOffset: UInt64(size / 2))
    let anew = try Guest.restored(kernel, settings: settings)
    defer { anew.shutdown() }
    #expect(try anew.output(of: "ls /liveprobe 2>/dev/null; uname -r") == kernel.release)
    #expect(try Data(contentsOf: devices).count > size / 2)
  }

  private func sha256(of file: URL) throws -> Substring? {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum", file.path]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: " ").first
  }
}
