import KernelModel
import Vendor

extension DecoderTrial {
  /// The most that is decompressed here: fuzzing must not take all memory.
  private static let kernelLimit = 4 << 20

  /// The bytes as an image, or, if they are none, as the compressed kernel in one.
  static func bootImage(_ bytes: [UInt8]) -> String? {
    var file = bytes
    if case .failure(.notABootImage) = Result(catching: { () throws(VendorFileError) in
      try BootImage(VendorObject.Contents(copying: bytes))
    }) {
      file = SampleBootImage.file(payload: bytes)
    }
    do throws(VendorFileError) {
      let image = try BootImage(VendorObject.Contents(copying: file))
      let kernel = try image.kernel(limit: kernelLimit)
      guard kernel.bytes.count <= max(kernelLimit, file.count) else { return "too much decompressed" }
      return broken(try ElfObject.decode(kernel, .kernel, source: "kernel"))
    } catch {
      return error.description.isEmpty ? "an error without words" : nil
    }
  }

  /// The bytes as a module's file, compressed or not.
  static func moduleObject(_ bytes: [UInt8]) -> String? {
    do throws(VendorFileError) {
      return broken(try VendorStore.module(in: VendorObject.Contents(copying: bytes), source: "module"))
    } catch {
      return error.description.isEmpty ? "an error without words" : nil
    }
  }

  /// The promise that an object broke, or nil.
  private static func broken(_ object: VendorObject) -> String? {
    guard object.buildID?.bytes.isEmpty != true else { return "an empty build id" }
    for section in object.sections {
      let range = section.fileRange
      guard range.lowerBound >= 0, range.upperBound <= object.contents.bytes.count else { return "a section outside" }
      guard section.isNoBits || section.type == 0 || UInt64(range.count) == section.byteCount else {
        return "a section of another size"
      }
      guard !section.address.addingReportingOverflow(section.byteCount).overflow else { return "a section that wraps" }
      // Every byte must be there.
      _ = object.bytes(of: section).reduce(0, &+)
    }
    return nil
  }
}
