import Baseline
import KernelModel

extension DecoderTrial {
  /// The bytes as an image, or, if they are none, as the compressed kernel in one.
  static func bootImage(_ bytes: [UInt8]) -> String? {
    let region = MemoryRegion(start: KernelAddress(0xffff_ffff_8100_00b0), byteCount: 64)
    let nowhere = MemoryRegion(start: KernelAddress(0), byteCount: .max)
    var file = bytes
    if case .failure(.notABootImage) = Result(catching: { () throws(BootImageError) in
      try BootImage(ImageInMemory(bytes))
    }) {
      file = SampleBootImage.file(payload: bytes)
    }
    do throws(BootImageError) {
      let image = try VendorImage.read([region, nowhere], from: ImageInMemory(file))
      guard image.contents.count == 2, image.contents[0]?.count ?? 64 == 64, image.contents[1] == nil else {
        return "not what was asked for"
      }
      guard !image.buildID.bytes.isEmpty else { return "an empty build id" }
      guard image.tables.allSatisfy({ $0.pointers.count >= 128 }) else { return "a short table" }
      guard image.tables.reduce(0, { $0 + $1.pointers.count }) <= 128 << 10 else { return "too much kept" }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }
}
