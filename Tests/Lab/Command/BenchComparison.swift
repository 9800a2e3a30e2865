import Foundation
import Lab

/// What one run of the program costs beside another, in the same guest.
struct BenchComparison {
  private let kernel: GuestKernel
  private let clock: Bench.Clock
  /// What is run, and what it is compared with.
  private let names: (one: String, other: String)
  /// Seconds, medians.
  private let seconds: (one: Double, other: Double)
  private let limit: Double?

  private var ratio: Double { seconds.one / seconds.other }
  var isWithinLimit: Bool { limit.map { ratio <= $0 } ?? true }

  var line: String {
    String(
      format: "%-5@ by %-12@  %@ %.3f s  %@ %.3f s  ratio %5.2f%@", kernel.label as NSString,
      clock.rawValue as NSString, names.one as NSString, seconds.one, names.other as NSString, seconds.other, ratio,
      limit.map { String(format: " (limit %.1f)", $0) } ?? "")
  }

  private static let rounds = 3
  private static let fewModules = 10
  private static let manyModules = 160

  static func all(of kernel: GuestKernel, settings: LabSettings) throws(LabError) -> [BenchComparison] {
    try counted(kernel, settings) + jobs(kernel, settings)
  }

  /// A capture beside a scan, and a scan with many modules beside one with few, by instructions.
  private static func counted(_ kernel: GuestKernel, _ settings: LabSettings) throws(LabError) -> [BenchComparison] {
    var options = GuestOptions(memory: 2560, lifetime: 3600, bootTimeout: 900, countsInstructions: true)
    options.hasEveryModule = true
    let guest = try LabCommand.start(kernel, settings: settings, needsLiveprobe: true, options: options)
    defer { guest.shutdown() }
    try load(fewModules, in: guest)
    let few = try median(of: "/liveprobe scan", in: guest)
    let capture = try median(of: "/liveprobe capture --force -o /tmp/capture", in: guest)
    _ = try guest.output(of: "rm /tmp/capture")
    try load(manyModules, in: guest)
    let many = try median(of: "/liveprobe scan", in: guest)
    return [
      BenchComparison(
        kernel: kernel, clock: .instructions, names: ("a capture", "a scan"), seconds: (capture, few), limit: 1.3),
      BenchComparison(
        kernel: kernel, clock: .instructions, names: ("\(manyModules) modules", "\(fewModules) modules"),
        seconds: (many, few), limit: 1.5),
    ]
  }

  /// A scan on two processors beside one on one, and beside what it must do at least, by time: two processors' instructions
  /// cannot be counted apart.
  private static func jobs(_ kernel: GuestKernel, _ settings: LabSettings) throws(LabError) -> [BenchComparison] {
    let guest = try LabCommand.start(
      kernel, settings: settings, needsLiveprobe: true, options: GuestOptions(processors: 2))
    defer { guest.shutdown() }
    let reading = try Bench.reading(try Bench.kcoreBytes(guest), in: guest)
    let decompressing = try Bench.decompression(in: guest)
    var times: (one: [Double], two: [Double], least: [Double]) = ([], [], [])
    for _ in 0..<5 {
      times.one.append(try Bench.seconds("/liveprobe scan --jobs 1 >/dev/null", in: guest))
      times.two.append(try Bench.seconds("/liveprobe scan --jobs 2 >/dev/null", in: guest))
      times.least.append(try Bench.seconds(reading, in: guest) + Bench.seconds(decompressing, in: guest))
    }
    let (one, two, least) = (Bench.median(times.one), Bench.median(times.two), Bench.median(times.least))
    return [
      BenchComparison(kernel: kernel, clock: .time, names: ("2 jobs", "1 job"), seconds: (two, one), limit: nil),
      BenchComparison(
        kernel: kernel, clock: .time, names: ("2 jobs", "reading and decompressing"), seconds: (two, least), limit: 1.5),
    ]
  }

  private static func median(of command: String, in guest: Guest) throws(LabError) -> Double {
    var seconds: [Double] = []
    for _ in 0..<rounds { seconds.append(try Bench.seconds("\(command) >/dev/null", in: guest)) }
    return Bench.median(seconds)
  }

  /// Loads modules that find what they drive, or drive nothing, until there are `count`.
  private static func load(_ count: Int, in guest: Guest) throws(LabError) {
    let loaded = try guest.output(
      of: """
        for m in $(cut -d: -f1 /lib/modules/*/modules.dep | sed 's#.*/##; s#\\.ko.*##' |
          grep -E '^(nf|xt|ip|nft|sch|cls|act|vhost|crypto|lib|raid|dm|snd|usb|hid|i2c|ax25|x25|l2tp|can)[-_a-z0-9]*$'); do
          [ $(wc -l </proc/modules) -ge \(count) ] && break
          timeout 60 modprobe -q $m
        done </dev/null >/dev/null 2>&1; wc -l </proc/modules
        """, timeout: 3000)
    guard let number = Int(loaded), number >= count else {
      throw LabError("\(guest.kernel): only \(loaded) modules are loaded, and not \(count)")
    }
  }
}
