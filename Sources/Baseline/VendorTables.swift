/// The tables of pointers in the vendor's kernel image, read before anything is known of the running kernel but its name.
///
/// Decompressing takes tens of megabytes, which are given back; done before the kernel's symbols are read, the two need
/// not be there at once. It need not be done again for a second look.
package struct VendorTables: Sendable {
  let path: String
  let image: VendorImage

  /// Reads the first image of `release` that can be read; nil if there is none, and ``VendorReference`` then says why.
  ///
  /// Whether it is the running kernel's is decided by ``VendorReference``, which knows its build id.
  package static func read(release: String, root: String = "/", explicitImage: String? = nil) -> VendorTables? {
    for path in VendorImagePaths.candidates(release: release, root: root, explicitImage: explicitImage) {
      do throws(BootImageError) {
        return VendorTables(path: path, image: try VendorImage.read([], path: path))
      } catch {
        // The reference meets the same obstacle, and has somewhere to say it.
        continue
      }
    }
    return nil
  }
}
