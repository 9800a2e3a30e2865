package import KernelModel

/// The vendor's files on disk, read and decompressed: for all acquisitions of one scan.
///
/// The kernel image is kept, because decompressing it takes a good part of a second; modules are not.
package final class VendorFiles {
  /// No module of a distribution has a tenth of it.
  private static let moduleLimit = 64 << 20

  private let root: String
  private let reference: String?
  /// The image that was read last.
  private var image: (path: String, object: VendorObject)?

  /// - Parameters:
  ///   - root: the directory that stands for `/`.
  ///   - reference: an image to use and no other, wherever it lies.
  package init(root: String = "/", reference: String? = nil) {
    self.root = root
    self.reference = reference
  }

  /// Reads the first image of `release` that can be read, if there is one; ``VendorReference`` says why not.
  ///
  /// Decompressing takes up to 128 MiB that are given back; done before the kernel's symbols are read, the two need not
  /// be there at once.
  package func readAhead(release: String) {
    for path in kernelImages(release: release) {
      do throws(VendorFileError) {
        _ = try kernelImage(at: path)
        return
      } catch {
        // The reference meets the same obstacle, and has somewhere to say it.
        continue
      }
    }
  }

  /// Where the image of `release` may be, the likeliest first.
  func kernelImages(release: String) -> [String] {
    VendorImagePaths.candidates(release: release, root: root, explicitImage: reference)
  }

  /// The kernel in the image at `path`; it has a build id.
  func kernelImage(at path: String) throws(VendorFileError) -> VendorObject {
    if let image, image.path == path { return image.object }
    // Never two at once.
    image = nil
    let file = try WholeFile.read(path, limit: BootImage.fileLimit)
    let object = try Self.kernel(in: file, source: path)
    image = (path, object)
    return object
  }

  /// The kernel in a boot image; it has a build id.
  package static func kernel(in file: VendorObject.Contents, source: String) throws(VendorFileError) -> VendorObject {
    let kernel = try ElfObject.decode(try BootImage(file).kernel(), .kernel, source: source)
    guard kernel.buildID != nil else { throw .buildIDMissing }
    return kernel
  }

  /// The module in the file at `path`, which may be compressed.
  func module(at path: String) throws(VendorFileError) -> VendorObject {
    try Self.module(in: try WholeFile.read(path, limit: Self.moduleLimit), source: path)
  }

  /// The module in a file, which may be compressed.
  package static func module(in file: VendorObject.Contents, source: String) throws(VendorFileError) -> VendorObject {
    // What is neither compressed nor an ELF file is refused as no ELF file.
    guard let compression = Compression(of: file.bytes), compression != .none else {
      return try ElfObject.decode(file, .module, source: source)
    }
    let module = try GrowingBytes(limit: moduleLimit)
    try compression.decompress(file.bytes, into: module)
    return try ElfObject.decode(module.finish(), .module, source: source)
  }
}
