import Lab
import Testing

/// The HTML report of real kernels: what it shows besides the verdict is drawn from them.
@Suite("The lab's pages", .lab)
struct PageTests {
  /// The kernel that dispatches by a table, and the newest.
  private static let labels = Set([LabSettings().labels.first, LabSettings().labels.last].compactMap { $0 }).sorted()

  @Test(arguments: labels)
  func `a page shows the maps of a hooked kernel, and what stands out on them`(label: String) async throws {
    await LabRuns.shared.enter()
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(label, settings), kernel.hasFixture else { return }
    let guest = try Guest.restored(kernel, settings: settings, liveprobe: settings.liveprobe)
    defer { guest.shutdown() }
    try HookedModule.load(into: guest, hidden: true)
    let scan = try guest.run("/liveprobe scan --format html --only syscall-table --only executable-memory")
    let page = String(decoding: scan.stdout, as: UTF8.self)
    #expect(scan.status == 2)
    #expect(page.hasPrefix("<!DOCTYPE html>\n") && page.hasSuffix("</html>\n"))
    for words in [
      "<title>CRITICAL: kernel \(kernel.release)", "kernel text", "nobody, r-x at 0xffffffffc",
      "All system calls of 64-bit programs", "All system calls of 32-bit programs", "__x64_sys_openat",
    ] {
      #expect(page.contains(words), "\(label): \(words)")
    }
    // Where the kernel dispatches by the table, its changed slots are changed calls.
    let isTable = page.contains("<td>via sys_call_table</td>")
    #expect(page.contains("2 are redirected.") == isTable, "\(label)")
  }
}
