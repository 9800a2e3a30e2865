import KernelModel
import Vendor

extension DecoderTrial {
  /// The most of a file that is read here: fuzzing must not take all memory.
  private static let largestFile = 1 << 20

  /// The bytes as a package, of which every small file is read.
  static func packageArchive(_ bytes: [UInt8]) -> String? {
    var problem: String?
    do throws(VendorFileError) {
      try PackageReader(BytesAsFile(bytes)).read { (entry) throws(VendorFileError) in
        entry.byteCount <= largestFile
      } _: { entry, contents in
        if contents.bytes.count != entry.byteCount { problem = "a file of another size" }
        if entry.path.hasPrefix("/") { problem = "a path from the root" }
        _ = contents.bytes.reduce(0, &+)
        return true
      }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return problem
  }

  /// The bytes as the header of an rpm package.
  static func rpmHeader(_ bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { buffer in
      do throws(VendorFileError) {
        let header = try RpmHeader(buffer)
        let digests = header.fileDigests { _ in true }
        guard digests.count <= bytes.count else { return "more files than bytes" }
        // Three texts, which may be the same bytes; of bytes that are no text, each becomes three.
        guard header.packageName.utf8.count <= bytes.count * 9 + 2 else { return "a name longer than the header" }
        for tag in [RpmHeader.Tag.rsaSignature, .otherSignature] {
          guard header.bytes(tag).count <= bytes.count else { return "a signature longer than the header" }
        }
        guard digests.values.allSatisfy({ !$0.isEmpty }) else { return "an empty digest" }
        return nil
      } catch {
        return error.description.isEmpty ? "an error without words" : nil
      }
    }
  }
}
