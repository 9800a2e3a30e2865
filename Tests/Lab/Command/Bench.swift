import Foundation
import Lab

/// What a scan costs, against merely reading what it reads and decompressing what it decompresses, in the same guest.
enum Bench {
  private static let rounds = 5
  private static let ratioLimit = 3.0
  private static let ratioLimitWithImage = 2.0
  private static let peakLimit = 64.0
  private static let peakLimitWithImage = 120.0

  /// What is measured: time as it passes, or instructions.
  enum Clock: String {
    case time
    /// A nanosecond stands for an instruction: see ``GuestOptions/countsInstructions``.
    case instructions
  }

  struct Measurement {
    let kernel: GuestKernel
    let clock: Clock
    /// Whether the guest had the vendor's kernel image to compare with, which a scan then decompresses.
    let hasImage: Bool
    /// `cat /proc/kallsyms >/dev/null`, then `dd` of as many bytes of `/proc/kcore` as the scan read.
    let reading: Double
    /// The decompressor's own tool on the same image; 0 if there is none.
    let decompressing: Double
    let scan: Double
    let kcoreBytes: Int
    /// In MB (10^6 bytes), of resident memory.
    let peak: Double

    var ratio: Double { scan / (reading + decompressing) }
    var peakLimit: Double { hasImage ? Bench.peakLimitWithImage : Bench.peakLimit }
    var ratioLimit: Double { hasImage ? Bench.ratioLimitWithImage : Bench.ratioLimit }
    var isWithinLimits: Bool { ratio <= ratioLimit && peak < peakLimit }
  }

  /// Measures each kernel named, or all, and prints a line for each.
  ///
  /// - Returns: 1 if `--enforce` is among the arguments and a limit is exceeded.
  static func run(_ arguments: [String], settings: LabSettings) throws(LabError) -> Int32 {
    let enforced = arguments.contains("--enforce")
    let onlyCompares = arguments.contains("--comparisons")
    let labels = arguments.filter { !$0.hasPrefix("--") }
    var withinLimits = true
    for label in labels.isEmpty ? GuestKernel.labels : labels {
      let kernel = try GuestKernel(label: label, settings: settings)
      for measurement in onlyCompares ? [] : try measure(kernel, settings: settings) {
        print(line(for: measurement))
        withinLimits = withinLimits && measurement.isWithinLimits
      }
      for comparison in try BenchComparison.all(of: kernel, settings: settings) {
        print(comparison.line)
        withinLimits = withinLimits && comparison.isWithinLimit
      }
    }
    return enforced && !withinLimits ? 1 : 0
  }

  private static func line(for measurement: Measurement) -> String {
    String(
      format:
        "%-5@ %-13@ by %-12@  reading %.3f s  decompressing %.3f s  scan %.3f s  ratio %5.2f (limit %.1f)  "
        + "kcore %.2f MB  peak %.1f MB (limit %.0f)",
      measurement.kernel.label as NSString, (measurement.hasImage ? "with image" : "without image") as NSString,
      measurement.clock.rawValue as NSString,
      measurement.reading, measurement.decompressing, measurement.scan, measurement.ratio, measurement.ratioLimit,
      Double(measurement.kcoreBytes) / 1e6, measurement.peak, measurement.peakLimit)
  }

  private static func measure(_ kernel: GuestKernel, settings: LabSettings) throws(LabError) -> [Measurement] {
    let guest = try LabCommand.start(kernel, settings: settings, needsLiveprobe: true)
    defer { guest.shutdown() }
    let withImage = try measure(guest, by: .time, hasImage: true)
    _ = try guest.output(of: "rm $(cat /lab/image)")
    let withoutImage = try measure(guest, by: .time, hasImage: false)
    guest.shutdown()
    let counted = GuestOptions(bootTimeout: 600, countsInstructions: true)
    let counting = try LabCommand.start(kernel, settings: settings, needsLiveprobe: true, options: counted)
    defer { counting.shutdown() }
    let withImageCounted = try measure(counting, by: .instructions, hasImage: true)
    _ = try counting.output(of: "rm $(cat /lab/image)")
    return [
      withoutImage, try measure(counting, by: .instructions, hasImage: false), withImage, withImageCounted,
    ]
  }

  private static func measure(_ guest: Guest, by clock: Clock, hasImage: Bool) throws(LabError) -> Measurement {
    let kernel = guest.kernel
    let bytes = try kcoreBytes(guest)
    let readingCommand = try reading(bytes, in: guest)
    let decompressingCommand = try hasImage ? decompression(in: guest) : nil
    var reading: [Double] = []
    var decompressing: [Double] = []
    var scans: [Double] = []
    // By turns, so that whatever else happens on this machine meets both.
    for _ in 0..<rounds {
      reading.append(try seconds(readingCommand, in: guest))
      if let decompressingCommand { decompressing.append(try seconds(decompressingCommand, in: guest)) }
      // A kernel without its image is UNKNOWN.
      scans.append(try seconds("/liveprobe scan >/dev/null", in: guest, statuses: hasImage ? 0...2 : 0...3))
    }
    return Measurement(
      kernel: kernel, clock: clock, hasImage: hasImage, reading: median(reading),
      decompressing: decompressing.isEmpty ? 0 : median(decompressing), scan: median(scans), kcoreBytes: bytes,
      peak: try peak(guest))
  }

  /// The command that reads what a scan reads: all symbols, and `byteCount` bytes of memory.
  static func reading(_ byteCount: Int, in guest: Guest) throws(LabError) -> String {
    guard let largest = try guest.addressMap().segments.max(by: { $0.size < $1.size }) else {
      throw LabError("\(guest.kernel): /proc/kcore has no segments")
    }
    let page = 4096
    let (skip, count) = (largest.fileOffset / UInt64(page), (byteCount + page - 1) / page)
    return """
      cat /proc/kallsyms >/dev/null
      dd if=/proc/kcore of=/dev/null bs=\(page) skip=\(skip) count=\(count)
      """
  }

  /// Leaves the image's payload in the guest, and returns the command that decompresses it there.
  static func decompression(in guest: Guest) throws(LabError) -> String {
    let payload = try Payload(image: guest.kernel.image)
    let (start, count) = (payload.range.lowerBound, payload.range.count)
    _ = try guest.output(of: "tail -c +\(start + 1) $(cat /lab/image) | head -c \(count) >/lab/payload")
    return "/lab/\(payload.tool.joined(separator: " ")) /lab/payload >/dev/null"
  }

  /// How many bytes of `/proc/kcore` a scan says it read.
  static func kcoreBytes(_ guest: Guest) throws(LabError) -> Int {
    let result = try guest.run("/liveprobe scan --format json")
    let report: Any
    do {
      report = try JSONSerialization.jsonObject(with: Data(result.stdout))
    } catch {
      throw LabError("\(guest.kernel): the scan gave no JSON (\(error)): \(result.errorText)")
    }
    guard let bytes = number(named: "kcoreBytesRead", in: report) else {
      throw LabError("\(guest.kernel): the scan's JSON has no `kcoreBytesRead`")
    }
    return bytes
  }

  private static func number(named name: String, in value: Any) -> Int? {
    if let object = value as? [String: Any] {
      if let number = object[name] as? Int { return number }
      return object.values.lazy.compactMap { number(named: name, in: $0) }.first
    }
    if let list = value as? [Any] { return list.lazy.compactMap { number(named: name, in: $0) }.first }
    return nil
  }

  /// - Parameter statuses: 1 and 2 are verdicts; anything else did not do what is measured.
  static func seconds(
    _ command: String, in guest: Guest, statuses: ClosedRange<Int> = 0...2
  ) throws(LabError) -> Double {
    let result = try guest.run(command)
    guard statuses.contains(result.status) else {
      throw LabError("\(guest.kernel): `\(command)` ended with status \(result.status): \(result.errorText)")
    }
    return result.seconds
  }

  /// The most resident memory that a scan has at once, in MB.
  private static func peak(_ guest: Guest) throws(LabError) -> Double {
    // busybox takes getrusage's kilobytes for pages and shows four times as much. What it says of a program that prints
    // its own peak tells by how much.
    let known = try guest.run("time -v grep VmHWM /proc/self/status")
    let scan = try guest.run("time -v /liveprobe scan >/dev/null")
    guard let own = known.text.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) }), own > 0,
      let ownShown = resident(known.errorText), let shown = resident(scan.errorText)
    else { throw LabError("\(guest.kernel): `time -v` does not say how much memory was resident: \(scan.errorText)") }
    let factor = ownShown / own > 2 ? 4.0 : 1.0
    return shown / factor * 1024 / 1e6
  }

  /// The maximum resident set in what `time -v` says, in its kilobytes.
  private static func resident(_ text: String) -> Double? {
    text.split(separator: "\n").first { $0.contains("Maximum resident set size") }?
      .split(separator: ":").last.flatMap { Double($0.trimmingCharacters(in: .whitespaces)) }
  }

  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
