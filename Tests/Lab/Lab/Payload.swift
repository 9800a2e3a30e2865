package import Foundation

/// Where the compressed kernel lies inside a kernel image, and the command-line tool that decompresses it.
package struct Payload: Sendable {
  /// The tool, with the option to write to standard output.
  package let tool: [String]
  /// In the image's file.
  package let range: Range<Int>
  private let image: URL

  /// Looks into a bzImage.
  ///
  /// Documentation/arch/x86/boot.rst (v6.12): `setup_sects` at 0x1f1, `payload_offset` at 0x248 and `payload_length` at
  /// 0x24c.
  package init(image: URL) throws(LabError) {
    self.image = image
    let bytes = try Self.contents(image)
    func load(_ offset: Int, _ size: Int) throws(LabError) -> Int {
      guard offset + size <= bytes.count else { throw LabError("\(image.path) is too short for a bzImage") }
      return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let sectors = try load(0x1f1, 1)
    let start = ((sectors == 0 ? 4 : sectors) + 1) * 512 + (try load(0x248, 4))
    // The build appends the decompressed size in four bytes, which are none of the tool's business.
    let end = start + (try load(0x24c, 4)) - 4
    guard start < end, end <= bytes.count else { throw LabError("\(image.path) holds no payload") }
    range = start..<end
    switch Array(bytes[start..<min(start + 4, end)]) {
    case [0xfd, 0x37, 0x7a, 0x58]: tool = ["xz", "-dc"]
    case [0x28, 0xb5, 0x2f, 0xfd]: tool = ["zstd", "-dc"]
    default: throw LabError("\(image.path): no tool is known for a payload of this kind")
    }
  }

  /// The seconds that the tool takes here, the best of some rounds; what it prints is thrown away.
  package func toolSeconds(rounds: Int) throws(LabError) -> Double {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-payload-\(UUID().uuidString)")
    defer { unlink(file.path) }
    do {
      try Self.contents(image)[range].write(to: file)
    } catch {
      throw LabError("the payload could not be written to \(file.path): \(error)")
    }
    var best = Double.infinity
    for _ in 0..<rounds {
      let begin = ContinuousClock.now
      let status = try ChildProcess(tool + [file.path]).wait()
      guard status == 0 else { throw LabError("\(tool.joined(separator: " ")) ended with status \(status)") }
      best = min(best, begin.duration(to: .now).seconds)
    }
    return best
  }

  private static func contents(_ image: URL) throws(LabError) -> Data {
    do {
      return try Data(contentsOf: image)
    } catch {
      throw LabError("\(image.path): \(error)")
    }
  }
}
