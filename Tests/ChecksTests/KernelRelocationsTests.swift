import KernelModel
import TestKernel
import Testing

@testable import Checks

@Suite struct KernelRelocationsTests {
  /// 24 bytes of constants, and what follows the file.
  private func object(_ words: [UInt32], odd: [UInt8] = []) -> VendorObject {
    var file = TestVendorFile(
      source: "vmlinux",
      sections: [
        .init(".rodata", at: TestVendorKernel.link(0x1000), [UInt8](repeating: 0x10, count: 24))
      ])
    file.rest = words.flatMap { little($0) } + odd
    return file.object
  }

  /// The constants, moved by 0x200000.
  private func moved(_ words: [UInt32]) throws -> [UInt8] {
    let object = object(words)
    let image = TextImage()
    let address = TestVendorKernel.link(0x1000) + 0x20_0000
    image.add(object.bytes(of: object.sections[0]), at: address)
    let recreation = Recreation(image)
    try KernelRelocations(of: object, offset: 0x20_0000).apply(to: recreation, offset: 0x20_0000)
    let place = try #require(image.pointer(at: address, count: 24))
    return Array(UnsafeRawBufferPointer(start: place, count: 24))
  }

  private let untouched = [UInt8](repeating: 0x10, count: 8)

  @Test
  func `three lists are addresses, distances that shrink, and wide addresses, read from the end`()
    throws
  {
    let all = try moved([0, 0x8100_1010, 0, 0x8100_1008, 0, 0x8100_1000])
    #expect(Array(all[0..<8]) == hex("10 10 30 10 10 10 10 10"))
    #expect(Array(all[8..<16]) == hex("10 10 f0 0f 10 10 10 10"))
    #expect(Array(all[16..<24]) == hex("10 10 30 10 10 10 10 10"))
  }

  @Test func `two lists are addresses and wide addresses`() throws {
    let all = try moved([0, 0x8100_1010, 0, 0x8100_1000])
    #expect(Array(all[0..<8]) == hex("10 10 30 10 10 10 10 10"))
    #expect(Array(all[8..<16]) == untouched)
    #expect(Array(all[16..<24]) == hex("10 10 30 10 10 10 10 10"))
  }

  @Test func `a wide address carries into its upper half, and a narrow one does not`() throws {
    // Twice 0xfff times: 0x10101010 plus 0x200000 * 0x800 overflows 32 bits.
    let wide = try moved([0] + [UInt32](repeating: 0x8100_1000, count: 0x800) + [0])
    #expect(Array(wide[0..<8]) == hex("10 10 10 10 11 10 10 10"))
    let narrow = try moved([0, 0] + [UInt32](repeating: 0x8100_1000, count: 0x800))
    #expect(Array(narrow[0..<8]) == untouched)
  }

  @Test func `places outside of the image, and across its end, are passed over`() throws {
    let all = try moved([0, 0x8100_1011, 0x7fff_ffff, 1, 0, 0x8100_1015, 0x8100_0ffd, 0xffff_ffff])
    #expect(all == untouched + untouched + untouched)
  }

  @Test func `a file without lists says how to get one`() {
    for words in [[], [0]] as [[UInt32]] {
      #expect(throws: CannotCheck.self) { try KernelRelocations(of: object(words), offset: 0x20_0000) }
    }
    do throws(CannotCheck) {
      _ = try KernelRelocations(of: object([]), offset: 0x20_0000)
      Issue.record("there are none")
    } catch {
      #expect(error.description.contains("does not list what moves with it"))
    }
  }

  @Test func `without lists, what looks like an address of the image is one`() throws {
    let address = TestVendorKernel.link(0x1000)
    let words: [UInt64] = [address + 0x2004, 7, address + 0x9000, address + 8]
    let data = words.flatMap { little($0) }
    let code = hex("90 c7 c7") + little(UInt32(truncatingIfNeeded: address + 0x10)) + hex("c3")
    let file = TestVendorFile(
      source: "vmlinux",
      sections: [
        // The first word is at no multiple of 8.
        .init(".rodata", at: address + 4, [1, 2, 3, 4] + data),
        .init(".text", flags: 6, at: address + 0x2000, code),
      ])
    let relocations = try KernelRelocations(of: file.object, offset: 0)
    #expect(!relocations.areListed)
    var places: [UInt64] = []
    relocations.forEachPointer { places.append($0) }
    #expect(places == [address + 8, address + 0x20])
    var found: [[UInt64]] = []
    relocations.forEachAddress(in: FileBytes(file.object)) { found.append([$0, $1, $2 ? 1 : 0]) }
    #expect(
      found == [
        [address + 8, address + 0x2004, 0], [address + 0x20, address + 8, 0], [address + 0x2003, address + 0x10, 1],
      ])
  }

  @Test func `a kernel that was not moved needs no lists`() throws {
    for words in [[], [0]] as [[UInt32]] {
      let object = object(words)
      let image = TextImage()
      image.add(object.bytes(of: object.sections[0]), at: TestVendorKernel.link(0x1000))
      let recreation = Recreation(image)
      try KernelRelocations(of: object, offset: 0).apply(to: recreation, offset: 0)
      #expect(recreation.tally(of: .relocation) == MechanismTally())
    }
  }

  @Test(
    arguments: [[1, 2, 3], [0, 1, 2], [0, 1, 0, 2, 0, 3, 0, 4], [1, 0, 2, 0, 3]] as [[UInt32]])
  func `what are not two or three lists is refused`(_ words: [UInt32]) {
    #expect(throws: CannotCheck.self) { try KernelRelocations(of: object(words), offset: 0x20_0000) }
  }

  @Test func `a file that ends within its headers, or in the middle of a word, is refused`() {
    #expect(throws: CannotCheck.self) { try KernelRelocations(of: object([0, 1, 0, 2], odd: [1]), offset: 0x20_0000) }
    for header in [UInt64.max, UInt64.max - 32, 1 << 40] {
      var contents = [UInt8](repeating: 0, count: 128)
      contents.replaceSubrange(40..<48, with: little(header))
      contents.replaceSubrange(58..<62, with: [0xff, 0xff, 0xff, 0xff])
      let hostile = VendorObject(
        source: "vmlinux", buildID: nil, sections: [],
        contents: VendorObject.Contents(copying: contents))
      #expect(throws: CannotCheck.implausible("vmlinux", "ends within its headers")) {
        try KernelRelocations(of: hostile, offset: 0x20_0000)
      }
    }
    let short = VendorObject(
      source: "vmlinux", buildID: nil, sections: [],
      contents: VendorObject.Contents(copying: [1, 2, 3]))
    #expect(throws: CannotCheck.implausible("vmlinux", "is too short")) {
      try KernelRelocations(of: short, offset: 0x20_0000)
    }
  }
}
