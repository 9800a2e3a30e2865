import Foundation
import KernelModel
import Testing

@testable import Vendor

/// Images as distributions ship them: the one that `LIVEPROBE_TEST_VMLINUZ` names, or those in the lab's cache.
@Suite struct DistributionImageTests {
  private static let images: [String] = {
    if let named = variable("LIVEPROBE_TEST_VMLINUZ") { return [named] }
    let cache = variable("LIVEPROBE_LAB_CACHE") ?? (variable("HOME") ?? "") + "/.cache/liveprobe-lab"
    return ["5.10", "6.1", "6.12", "7"].map { "\(cache)/\($0)/vmlinuz" }.filter { access($0, R_OK) == 0 }
  }()

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  @Test(
    .enabled(
      if: !images.isEmpty || variable("LIVEPROBE_LAB") == "require",
      "no distribution's image here: run Tests/Lab/fetch-kernels, or set LIVEPROBE_TEST_VMLINUZ"))
  func `a distribution's image gives its build id and its text`() throws {
    try #require(!Self.images.isEmpty, "no image in the lab's cache: run Tests/Lab/fetch-kernels")
    for path in Self.images {
      let image = try VendorStore().kernelImage(at: path)
      #expect(image.buildID?.bytes.count == 20, "\(path)")
      let bytes = try #require(
        image.bytes(at: MemoryRegion(start: TestKernelImage.link, byteCount: 4096)), "\(path)")
      #expect(Set(bytes).count > 100, "\(path): code has all kinds of bytes")
      // The relocations follow the ELF file: 32-bit words, ended by a zero at either end of each list.
      let tail = image.contents.bytes.suffix(4)
      #expect(tail.count == 4 && image.sections.allSatisfy { $0.fileRange.upperBound < tail.startIndex })
    }
  }

  @Test(
    .enabled(
      if: !images.isEmpty || variable("LIVEPROBE_LAB") == "require",
      "no distribution's image here: run Tests/Lab/fetch-kernels, or set LIVEPROBE_TEST_VMLINUZ"))
  func `a distribution's modules are read`() throws {
    for image in Self.images {
      let folder = String(image.dropLast("vmlinuz".count)) + "modules"
      for path in try Self.modules(below: folder).prefix(40) {
        let module = try VendorStore().module(at: path)
        #expect(module.section(named: ".modinfo") != nil, "\(path)")
        #expect(module.buildID?.bytes.count == 20, "\(path)")
      }
    }
  }

  /// The files of modules in a folder and the folders in it.
  private static func modules(below folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
      [".ko", ".ko.xz", ".ko.zst", ".ko.gz"].contains(where: $0.hasSuffix)
    }.sorted().map { folder + "/" + $0 }
  }
}
