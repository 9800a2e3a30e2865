package import Foundation

/// A distribution kernel in the lab's cache.
package struct GuestKernel: Sendable, Hashable, CustomStringConvertible {
  /// The kernels of the lab, oldest first.
  ///
  /// `7` is the newest one that Debian's unstable has.
  package static let labels = ["5.10", "6.1", "6.12", "7"]
  /// A Debian 12 with a real systemd on a disk of its own (`Tests/Lab/build-debian`); its kernel is that of `6.1`.
  package static let debian = "debian-12"
  /// Other builds of some of them.
  package static let flavours = ["6.1-cloud", "6.1-rt", "6.12-cloud", "6.12-rt"]

  package let label: String
  /// What `uname -r` says in the guest.
  package let release: String
  package let directory: URL

  /// Finds a kernel that `Tests/Lab/fetch-kernels` has unpacked.
  package init(label: String, settings: LabSettings) throws(LabError) {
    let directory = settings.cache.appendingPathComponent(label)
    let release: String
    do {
      release = try String(contentsOf: directory.appendingPathComponent("release"), encoding: .utf8)
    } catch {
      throw LabError(
        "no kernel \(label) in \(settings.cache.path): run Tests/Lab/\(label == Self.debian ? "build-debian" : "fetch-kernels") (\(error))"
      )
    }
    self.label = label
    self.release = release.trimmingCharacters(in: .whitespacesAndNewlines)
    self.directory = directory
  }

  package var image: URL { directory.appendingPathComponent("vmlinuz") }

  /// The disk that the guest starts from, where it is not an initramfs of the lab's.
  var disk: URL? {
    let file = directory.appendingPathComponent("disk")
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }

  /// Whether the lab's own modules could be built for it; they are `/fixtures/NAME.ko` in the guest.
  package var hasFixture: Bool {
    FileManager.default.fileExists(atPath: directory.appendingPathComponent("fixtures/identity").path)
  }

  package var description: String { "\(label) (\(release))" }
}
