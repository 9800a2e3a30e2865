import Foundation
import Lab
import Testing

/// Kernels that were built otherwise than Debian's are: nobody tampered with them, and nothing may be found.
///
/// `Tests/Lab/build-kernel` builds them, and `make test-all` asks for it; without them there is nothing to run.
@Suite("Kernels built otherwise", .lab, .timeLimit(.minutes(60)))
struct BuiltKernelTests {
  /// Those of the lab's cache.
  private static let labels: [String] = {
    let settings = LabSettings()
    guard settings.tier == .all else { return [] }
    // What cannot be listed has none.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: settings.cache.path)) ?? []
    return names.filter { $0.hasPrefix("built-") && !$0.hasSuffix(".new") }.sorted()
  }()

  /// Which checks stay without an answer, with the image.
  ///
  /// Everything else is clear. Without data symbols the image's symbols are not known either: kallsyms, there and in memory, has no others.
  private static let open = [
    "built-embedded-nodatasymbols": [
      "kernel-text", "static-pointers", "executable-memory", "notifiers", "registered-code", "bpf", "processes",
      "credentials", "sockets", "switches", "keyrings", "taint",
    ],
    "built-dwarf": withoutTypes, "built-nobtf": withoutTypes,
  ]

  /// Without types, and without the names by which text alone would be judged.
  private static let withoutTypes = [
    "kernel-text", "module-text", "static-pointers", "module-list", "executable-memory", "ftrace", "probes",
    "notifiers",
    "registered-code", "tracepoints", "bpf", "processes", "credentials", "sockets", "switches", "keyrings", "taint",
  ]

  /// The same, where System.map and vmlinux, as far as they were kept, are brought beside the image.
  ///
  /// gcc does not tell a debugger how CONFIG_RANDSTRUCT shuffled structures.
  private static let openWithNames = [
    "built-nobtf": [
      "vendor-files", "module-text", "static-pointers", "module-list", "executable-memory", "ftrace", "probes",
      "notifiers", "registered-code", "tracepoints", "bpf", "processes", "credentials", "sockets", "switches",
      "keyrings",
      "taint",
    ]
  ]

  /// From here, by all files of the kernel's folder: nothing is found, and then a changed byte of code is.
  private func judgeWithWhatIsBrought(_ guest: Guest, _ label: String) throws {
    let scan = try Scan(ofMemoryOf: guest)
    let report = try #require(scan.report, "\(scan.complaint)")
    #expect(report.findings.isEmpty, "\(label), with what is brought: \(report.findings)")
    let unanswered = (report.checks ?? []).filter { $0.outcome == "unknown" }.map(\.id)
    #expect(unanswered == Self.openWithNames[label] ?? [], "\(label), with what is brought")
    let tampering = Tampering(guest)
    try tampering.flipByte(at: try tampering.function(Tampering.quietFunction).address + 24)
    let tampered = try Scan(ofMemoryOf: guest, only: ["kernel-text"])
    try tampering.restore()
    #expect(tampered.exitStatus == 2, "\(label), with a changed byte: \(tampered.complaint)")
  }

  @Test(arguments: labels)
  func `has no finding, with its image and without`(label: String) async throws {
    await LabRuns.shared.enter()
    defer { Task { await LabRuns.shared.leave() } }
    let settings = LabSettings()
    guard let kernel = try LabTrait.kernel(label, settings) else { return }
    let guest = try Guest.boot(kernel, settings: settings, liveprobe: settings.liveprobe)
    defer { guest.shutdown() }
    // The guest's busybox does not unpack zstd.
    _ = try guest.run(
      """
      for module in $(cat /lab/modules); do
        modprobe $module && continue
        packed=$(find /lib/modules/ -name $module.ko.zst | head -n 1)
        [ -n "$packed" ] && /lab/zstd -q -d -c $packed >/tmp/module.ko && insmod /tmp/module.ko
      done 2>/dev/null
      """)
    let scan = try Scan(in: guest)
    let report = try #require(scan.report, "\(scan.complaint)")
    #expect(report.findings.isEmpty, "\(label): \(report.findings)")
    let unanswered = (report.checks ?? []).filter { $0.outcome == "unknown" }.map(\.id)
    #expect(unanswered == Self.open[label] ?? [], "\(label)")
    try judgeWithWhatIsBrought(guest, label)
    let without = try Scenario.withoutImage(guest) { try Scan(in: guest) }
    #expect(without.report?.findings.isEmpty == true, "\(label): \(without.report?.findings ?? [])")
    #expect(without.exitStatus == 3, "\(label), without its image")
  }
}
