import Foundation
import Glibc
import KernelModel
import Lab
import SavedKernel

/// What the verification of a kernel's text costs on this machine, against the least that it could cost.
enum TextBench {
  private static let rounds = 7
  private static let verificationLimit = 10.0
  private static let decompressionLimit = 1.5
  /// In MB (10^6 bytes).
  private static let peakLimit = 160.0

  /// Measures one snapshot, and prints a line for each quantity.
  ///
  /// - Returns: whether all limits were met; a quantity that could not be measured is not met.
  static func run(snapshot directory: String, image: String) throws -> Bool {
    let saved = try SavedKernel(directory: directory)
    let begin = ContinuousClock.now
    let vendor = try saved.kernel.reference.kernelImage()
    let decompression = begin.duration(to: .now).seconds
    say(saved, String(format: "decompression %.3f s", decompression))
    var verification = Double.infinity
    var residues = 0
    var peak = Double.infinity
    for round in 0..<rounds {
      let begin = ContinuousClock.now
      residues = try Engine(saved, image: vendor).verify().count
      verification = min(verification, begin.duration(to: .now).seconds)
      // As a scan would have it: verified once, and before anything else here takes memory.
      if round == 0 { peak = try peakMegabytes() }
    }
    let regions = try regions(of: saved.kernel)
    let byteCount = regions.reduce(0) { $0 + Int($1.byteCount) }
    let floor = try comparison(of: regions, in: saved.kernel)
    say(saved, String(format: "text and rodata %.1f MB, memcmp %.2f ms", Double(byteCount) / 1e6, floor * 1e3))
    let payload = try Payload(image: URL(fileURLWithPath: image))
    let tool = try payload.toolSeconds(rounds: 3)
    say(saved, String(format: "%@ on the payload %.3f s", payload.tool.joined(separator: " ") as NSString, tool))
    let ratio = verification / floor
    let whole = (decompression + verification) / tool
    say(
      saved,
      String(
        format: "verification %.2f ms, %.1f times memcmp (limit %.0f); with decompression %.2f times the tool "
          + "(limit %.1f); peak %.0f MB without the snapshot's own pages (limit %.0f); %d runs unexplained",
        verification * 1e3, ratio, verificationLimit, whole, decompressionLimit, peak, peakLimit, residues))
    return ratio <= verificationLimit && whole <= decompressionLimit && peak <= peakLimit && residues == 0
  }

  /// `_text` to `_etext`, and read-only data.
  static func regions(of kernel: Kernel) throws -> [MemoryRegion] {
    try [("_text", "_etext"), ("__start_rodata", "__end_rodata")].map {
      MemoryRegion(from: try kernel.address(of: $0), to: try kernel.address(of: $1))
    }
  }

  /// The least seconds that comparing the regions with a copy of them takes.
  private static func comparison(of regions: [MemoryRegion], in kernel: Kernel) throws -> Double {
    var one: [UInt8] = []
    for region in regions { one += try kernel.memory.bytes(at: region.start, count: Int(region.byteCount)) }
    let other = one.map { $0 }
    var best = Double.infinity
    for _ in 0..<rounds {
      let begin = ContinuousClock.now
      let difference = one.withUnsafeBytes { left in
        other.withUnsafeBytes { right -> Int32 in
          guard let left = left.baseAddress, let right = right.baseAddress else { return 0 }
          return memcmp(left, right, one.count)
        }
      }
      best = min(best, begin.duration(to: .now).seconds)
      precondition(difference == 0, "a copy is equal")
    }
    return best
  }

  /// The most memory that this process ever had resident, less what it has of files now: the snapshot, which stands for
  /// memory that a scan reads elsewhere.
  private static func peakMegabytes() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    func kilobytes(_ name: String) -> Double {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
      return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? .infinity
    }
    return (kilobytes("VmHWM") - kilobytes("RssFile")) * 1024 / 1e6
  }

  private static func say(_ saved: SavedKernel, _ text: String) {
    print("\(saved.label) natively: \(text)")
  }
}
