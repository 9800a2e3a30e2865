import KernelModel
import SavedKernel

/// The verification of text, as the measurements here need it: all of it, without a report around it.
///
/// The one place here that calls the engine.
struct Engine {
  /// A place at which the kernel may patch itself, and by which mechanism.
  struct Site {
    let mechanism: String
    let region: MemoryRegion
  }

  private let saved: SavedKernel
  private let image: VendorObject

  /// - Parameter image: the vendor's image, decompressed: what that costs is measured apart.
  init(_ saved: SavedKernel, image: VendorObject) throws {
    self.saved = saved
    self.image = image
    throw NotConnected()
  }

  /// Verifies all text and read-only data of the kernel's image, as it is in memory now, and returns what nothing
  /// explains.
  func verify() throws -> [MemoryRegion] { throw NotConnected() }

  /// Every site at which a change is legal if the mechanism's own state agrees.
  func sites() throws -> [Site] { throw NotConnected() }

  struct NotConnected: Error, CustomStringConvertible {
    let description = "the verification of text is not connected yet: see Tests/NativeBench/Engine.swift"
  }
}
