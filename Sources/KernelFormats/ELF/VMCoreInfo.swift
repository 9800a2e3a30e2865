package import KernelModel

/// What the kernel tells crash tools about itself: the `VMCOREINFO` note.
///
/// Lines of `KEY=value`, written by kernel/vmcore_info.c and arch/x86/kernel/vmcore_info_64.c (Linux v6.12;
/// kernel/crash_core.c up to v6.8): `OSRELEASE=`, `BUILD-ID=`, `SYMBOL(x)=` and `KERNELOFFSET=` in hexadecimal without
/// prefix, `NUMBER(x)=` in decimal or `0x` hexadecimal, `OFFSET(x.y)=`, `SIZE(x)=` and `LENGTH(x)=` in decimal.
package struct VMCoreInfo: Hashable, Sendable {
  /// The largest text that is believed, in bytes; the kernel's own is one page.
  package static let largestText = 1 << 20

  /// Keys and values; of a key that stands twice, the first, as makedumpfile takes it.
  private let values: [String: String]

  /// Decodes the note's descriptor.
  ///
  /// The text ends at the first NUL. A line without `=` is passed over, as crash tools do.
  ///
  /// - Throws: if it is far too long, or holds no `KEY=value` line at all.
  package static func decode(_ text: Span<UInt8>) throws(VMCoreInfoError) -> VMCoreInfo {
    guard text.count <= largestText else { throw .tooLong(byteCount: text.count) }
    var values: [String: String] = [:]
    var lineStart = 0
    while lineStart < text.count {
      var lineEnd = lineStart
      var equals: Int?
      while lineEnd < text.count, text[lineEnd] != UInt8(ascii: "\n"), text[lineEnd] != 0 {
        if equals == nil, text[lineEnd] == UInt8(ascii: "=") { equals = lineEnd }
        lineEnd += 1
      }
      if let equals, equals > lineStart {
        let key = string(text.extracting(lineStart..<equals))
        if values[key] == nil { values[key] = string(text.extracting(equals + 1..<lineEnd)) }
      }
      if lineEnd < text.count, text[lineEnd] == 0 { break }
      lineStart = lineEnd + 1
    }
    guard !values.isEmpty else { throw .noValues(byteCount: text.count) }
    return VMCoreInfo(values: values)
  }

  /// As `uname -r` says, or nil if it is not told.
  package var osRelease: String? { values["OSRELEASE"] }

  /// The kernel's GNU build id, told since Linux kernel commit 0935288c6e00 ("kdump: append kernel build-id string to
  /// VMCOREINFO") (in v5.9).
  package var buildID: BuildID? {
    guard let digits = values["BUILD-ID"]?.utf8, !digits.isEmpty, digits.count % 2 == 0, digits.count <= 128 else {
      return nil
    }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in digits {
      guard let value = HexDigit.value(digit) else { return nil }
      if let upper = high {
        bytes.append(upper << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return BuildID(bytes: bytes)
  }

  /// Bytes by which KASLR moved the kernel (`KERNELOFFSET`), or nil if it is not told.
  package var kernelOffset: UInt64? { values["KERNELOFFSET"].flatMap(Self.hexadecimal) }

  /// Where the kernel's `name` is, or nil if it is not told.
  package func symbol(_ name: String) -> KernelAddress? {
    values["SYMBOL(\(name))"].flatMap(Self.hexadecimal).map { KernelAddress($0) }
  }

  /// The value of the kernel's constant or variable `name`, or nil if it is not told.
  ///
  /// A hexadecimal value beyond `Int64.max` is given as the negative number with the same bits.
  package func number(_ name: String) -> Int64? {
    guard let text = values["NUMBER(\(name))"] else { return nil }
    guard text.hasPrefix("0x") else { return Int64(text) }
    return Self.hexadecimal(String(text.dropFirst(2))).map { Int64(bitPattern: $0) }
  }

  /// Bytes from the start of a structure to a member, such as `page.flags`, or nil if it is not told.
  package func offset(_ member: String) -> Int64? { values["OFFSET(\(member))"].flatMap { Int64($0) } }

  /// The size of a structure in bytes, or nil if it is not told.
  package func size(_ structure: String) -> Int64? { values["SIZE(\(structure))"].flatMap { Int64($0) } }

  /// How many elements an array has, or nil if it is not told.
  package func length(_ array: String) -> Int64? { values["LENGTH(\(array))"].flatMap { Int64($0) } }

  private static func hexadecimal(_ text: String) -> UInt64? {
    // UInt64(_:radix:) takes a sign, the kernel writes none.
    text.utf8.allSatisfy({ HexDigit.value($0) != nil }) ? UInt64(text, radix: 16) : nil
  }

  private static func string(_ bytes: Span<UInt8>) -> String {
    bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}

/// Why a VMCOREINFO text was not believed.
package enum VMCoreInfoError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLong(byteCount: Int)
  case noValues(byteCount: Int)

  package var description: String {
    switch self {
    case .tooLong(let byteCount):
      "VMCOREINFO has \(byteCount) bytes; more than \(VMCoreInfo.largestText) are not believed"
    case .noValues(let byteCount):
      "VMCOREINFO holds no KEY=value line in its \(byteCount) bytes"
    }
  }
}

extension VMCoreInfo {
  /// Where in physical memory an address of the kernel image is; nil if that is not told, or the address lies below the image.
  package func physicalAddress(ofImage address: KernelAddress) -> PhysicalAddress? {
    Machine.physicalAddress(ofImage: address, self)
  }
}
