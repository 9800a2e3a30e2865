internal import TestKernel

/// Files of LiME and AVML.
package enum SampleLime {
  /// One stretch of memory, as LiME writes it.
  package static func lime(_ start: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    header(0x4c69_4d45, version: 1, start, bytes.count) + bytes
  }

  /// One stretch of memory, as AVML compresses it.
  package static func avml(_ start: UInt64, _ bytes: [UInt8], chunkByteCount: Int = 1 << 16) -> [UInt8] {
    let stream = SampleSnappy.stream(bytes, chunkByteCount: chunkByteCount)
    return header(0x4c4d_5641, version: 2, start, bytes.count) + stream + little(UInt64(stream.count))
  }

  private static func header(_ magic: UInt32, version: UInt32, _ start: UInt64, _ byteCount: Int) -> [UInt8] {
    little(magic) + little(version) + little(start) + little(start + UInt64(byteCount) - 1) + little(UInt64(0))
  }
}

extension SampleDump {
  package func lime() -> [UInt8] {
    runs.flatMap { SampleLime.lime($0.lowerBound * 4096, bytes(of: $0)) }
  }

  package func avml() -> [UInt8] {
    runs.flatMap { SampleLime.avml($0.lowerBound * 4096, bytes(of: $0)) }
  }
}
