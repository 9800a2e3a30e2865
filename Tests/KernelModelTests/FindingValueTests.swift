import KernelModel
import Testing

/// What is interpolated into a finding's value keeps its type.
@Suite struct FindingValueTests {
  private let address = KernelAddress(0xffff_ffff_c0a3_1040)
  private let place = Place(symbol: "vfs_read", offset: 16)

  @Test func `values keep their types, and the words between them their order`() {
    let bytes: [UInt8] = [0x0f, 0x1f]
    let value: Finding.Value = "at \(address, .nobody(.unmapped)), \(place): \(bytes) of \(2) in \("all")"
    #expect(
      value.parts == [
        .text("at "), .address(address, .nobody(.unmapped)), .text(", "), .place(place), .text(": "),
        .bytes(Finding.Bytes(bytes)), .text(" of 2 in all"),
      ])
    #expect(("\(address)" as Finding.Value).parts == [.address(address, nil)])
  }

  @Test func `one value within another, or behind it, is as if it had been written there`() {
    let inner: Finding.Value = "the byte \([0x90] as [UInt8])"
    let whole: Finding.Value = "x: the byte \([0x90] as [UInt8]); y"
    #expect("x: \(inner); y" == whole)
    #expect("x: " + inner + "; y" == whole)
  }

  @Test func `words alone are one text, however they came about, and no words are none`() {
    let name = "evil"
    let value: Finding.Value = "module \(name)\("")"
    #expect(value == .text("module evil"))
    #expect(("" as Finding.Value).parts.isEmpty && Finding.Value.text("").parts.isEmpty)
  }

  @Test func `of many bytes the first are kept, and how many there are`() {
    let many = [UInt8](repeating: 0xcc, count: Finding.Bytes.most + 1)
    let bytes = Finding.Bytes(many)
    #expect(bytes.kept.count == Finding.Bytes.most && bytes.count == many.count)
    #expect(Finding.Bytes([1, 2], of: 100).count == 100)
    #expect(Finding.Bytes([1, 2], of: 1).count == 2)
    #expect(Finding.Bytes([]).count == 0)
  }
}
