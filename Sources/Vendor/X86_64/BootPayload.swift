internal import KernelFormats
package import KernelModel

extension X86_64: BootArchitecture {
  /// It is a bzImage.
  ///
  /// Source: Documentation/arch/x86/boot.rst (Linux 7.2).
  package static func bootPayload(in file: UnsafeRawBufferPointer) throws(VendorFileError) -> Range<Int> {
    guard isBootImage(file) else { throw .notABootImage }
    let fields = file.bindMemory(to: UInt8.self).span
    let version = fields.integer(UInt16.self, at: 0x206) ?? 0
    guard version >= 0x0208 else { throw .protocolTooOld(version) }
    // The real-mode sectors, of which there are 4 if the field says 0, and the boot sector before them.
    let setupSectors = Int(file[0x1f1] == 0 ? 4 : file[0x1f1])
    let offset = (setupSectors + 1) * 512 + Int(fields.integer(UInt32.self, at: 0x248) ?? 0)
    let byteCount = Int(fields.integer(UInt32.self, at: 0x24c) ?? 0)
    guard byteCount > 0, offset + byteCount <= file.count else {
      throw .payloadOutside(offset: offset, byteCount: byteCount, fileByteCount: file.count)
    }
    return offset..<offset + byteCount
  }

  /// `kernel_version` leads to a text that begins with it.
  package static func release(ofBootImage file: UnsafeRawBufferPointer) -> String? {
    guard isBootImage(file), let place = file.bindMemory(to: UInt8.self).span.integer(UInt16.self, at: 0x20e),
      place != 0, Int(place) + 0x200 < file.count
    else { return nil }
    let text = file[(Int(place) + 0x200)...].prefix(longestRelease + 1).prefix { $0 > 0x20 && $0 < 0x7f }
    return text.isEmpty || text.count > longestRelease ? nil : String(decoding: text, as: UTF8.self)
  }

  /// __NEW_UTS_LEN, include/uapi/linux/utsname.h.
  private static let longestRelease = 64

  private static func isBootImage(_ file: UnsafeRawBufferPointer) -> Bool {
    file.count >= 0x250 && file[0x1fe] == 0x55 && file[0x1ff] == 0xaa
      && file[0x202...].starts(with: [0x48, 0x64, 0x72, 0x53])  // HdrS
  }
}
