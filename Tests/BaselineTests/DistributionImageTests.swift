import Glibc
import KernelModel
import Testing

@testable import Baseline

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
    let text = MemoryRegion(start: TestKernelImage.link, byteCount: 4096)
    for path in Self.images {
      let image = try VendorImage.read([text], path: path)
      #expect(image.buildID.bytes.count == 20, "\(path)")
      let bytes = try #require(image.contents.first ?? nil, "\(path)")
      #expect(bytes.count == 4096)
      #expect(Set(bytes).count > 100, "\(path): code has all kinds of bytes")
    }
  }
}
