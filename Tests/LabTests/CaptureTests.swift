import Foundation
import Lab
import Testing

/// What a guest saves of its kernel's memory answers, elsewhere, as the running kernel did.
@Suite("Captures of running guests", .lab)
struct CaptureTests {
  /// One that is hooked; the newest, too, if all of the lab is asked for: it gets no module of ours.
  private static let labels = (LabSettings().tier == .all ? ["6.1", "7"] : ["6.1"]).filter(
    LabSettings().labels.contains)

  /// The outcome and the number of findings of each check, but for the one that a file cannot be asked.
  private func answers(_ report: ScanReport) -> [String] {
    (report.checks ?? []).filter { $0.id != "reader" }.map { check in
      "\(check.id): \(check.outcome), \(check.findings?.count ?? 0) findings"
    }
  }

  @Test(arguments: Self.labels)
  func `a capture answers as the running kernel did`(label: String) async throws {
    await LabRuns.shared.enter()
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(label, settings) else { return }
    let guest = try Guest.restored(kernel, settings: settings, liveprobe: settings.liveprobe)
    defer { guest.shutdown() }
    // On 7, which gets no module of ours, nothing is wrong.
    if kernel.hasFixture { try HookedModule.load(into: guest, hidden: true) }
    let live = try ScanReport.decode(guest.run("/liveprobe scan --format json", timeout: 600).stdout)
    let saved = try guest.run("/liveprobe capture -o /tmp/capture >/dev/null && cat /tmp/capture", timeout: 1200)
    #expect(saved.status == 0, "\(saved.errorText)")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-capture-\(UUID().uuidString)")
    try Data(saved.stdout).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let reference = settings.cache.appendingPathComponent(label).path
    let (output, status) = try CrashStory.run(
      ["scan", "--image", file.path, "--reference", reference, "--format", "json"], settings)
    let dead = try ScanReport.decode(Array(output))
    #expect(!answers(live).isEmpty && answers(dead) == answers(live))
    #expect(status == (kernel.hasFixture ? 2 : 0))
  }
}
