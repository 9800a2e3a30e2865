import Vendor

/// A module of a few hundred bytes.
package enum SampleModule {
  package static let object: [UInt8] = SampleObject(
    type: 1,
    sections: [
      SampleObject.Section(".text", flags: 6, [0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xc0, 0xc3]),
      SampleObject.Section(".modinfo", Array("license=GPL\0name=sample\0".utf8)),
      SampleObject.Section(".note.gnu.build-id", type: 7, SampleCoreFile.note("GNU", type: 3, Array(21...40))),
      SampleObject.Section(".bss", type: 8, flags: 3, [], byteCount: 4096),
    ]
  ).file

  /// As modules lie in packages: plain, and in each compression that is in use for them.
  package static let samples: [[UInt8]] = [Compression.none, .xz, .zstd, .gzip].compactMap { compression in
    // A library that fails to compress leaves one sample fewer.
    try? SampleCompression.compress(object, compression)
  }
}
