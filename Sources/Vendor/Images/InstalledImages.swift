internal import Files
internal import KernelModel

/// The images of a kernel that are installed under a root.
///
/// First where most distributions keep them, by the release; then whatever lies in the folders of boot loaders, under any
/// name: told by the release that a boot image has in its header. Which build it is, its build id says when it is read.
package struct InstalledImages {
  private let root: String

  /// Folders that are searched, with those below them: of boot loaders, and of distributions that keep images elsewhere.
  ///
  /// `boot` and `efi`: the Boot Loader Specification, genkernel, Alpine, ostree; `usr/lib/kernel`: Clear Linux;
  /// `run/booted-system` and `run/current-system`: NixOS, where `kernel` is a link.
  private static let folders = ["boot", "efi", "usr/lib/kernel", "lib/kernel"]
  private static let systems = ["run/booted-system/kernel", "run/current-system/kernel"]
  /// Files of which the beginning is read, at most.
  private static let mostOpened = 512
  /// No boot image is smaller.
  private static let leastBytes: UInt64 = 64 << 10
  /// What is read of a file: a UKI's sections with short contents come first.
  private static let headerByteCount = 64 << 10

  package init(root: String) {
    self.root = root.hasSuffix("/") ? root : root + "/"
  }

  /// Where most distributions keep the image of `release`, whether it is there or not.
  func usualPlaces(of release: String) -> [String] { VendorImagePaths.candidates(release: release, root: root) }

  /// Images that say they are of `release`, wherever else they lie.
  package func otherPlaces(of release: String) -> [String] {
    let usual = usualPlaces(of: release)
    guard !usual.isEmpty else { return [] }
    var files = Self.systems.map { root + $0 }
    for folder in ["usr/lib/modules/\(release)", "lib/modules/\(release)"] + Self.folders {
      // A folder that is not there, or cannot be read, has none.
      files += (try? Folder.files(below: root + folder)) ?? []
    }
    var seen: Set<String> = []
    var opened = 0
    return files.filter { file in
      guard !file.hasSuffix(".ko"), !file.contains(".ko."), !usual.contains(file), opened < Self.mostOpened,
        let status = FileStatus(at: file, followingLinks: true), status.kind == .file,
        status.byteCount >= Self.leastBytes, seen.insert("\(status.identity)").inserted
      else { return false }
      opened += 1
      return Self.release(of: file) == release
    }
  }

  /// The release that a boot image says it is of, all of whose bytes are at hand; nil if it says none, or is no boot image.
  static func release(ofImage bytes: UnsafeRawBufferPointer) -> String? {
    if let release = Machine.release(ofBootImage: bytes) { return release }
    guard let unified = UnifiedImage(bytes, byteCount: bytes.count) else { return nil }
    return Machine.release(ofBootImage: UnsafeRawBufferPointer(rebasing: bytes[unified.kernel])) ?? unified.release
  }

  /// The release that a boot image says it is of; nil if it says none, or is no boot image.
  static func release(of path: String) -> String? {
    guard let file = try? OpenedFile(path, followingLinks: true) else { return nil }
    let byteCount = Int(clamping: file.status.byteCount)
    func header(at offset: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: headerByteCount)
      let came = bytes.withUnsafeMutableBytes { (try? file.fill($0, at: UInt64(offset))) ?? 0 }
      return Array(bytes.prefix(came))
    }
    let start = header(at: 0)
    return start.withUnsafeBytes { bytes in
      if let release = Machine.release(ofBootImage: bytes) { return release }
      guard let unified = UnifiedImage(bytes, byteCount: byteCount) else { return nil }
      // The kernel in it says which it is; what is written beside it, somebody wrote.
      return header(at: unified.kernel.lowerBound).withUnsafeBytes { Machine.release(ofBootImage: $0) }
        ?? unified.release
    }
  }
}
