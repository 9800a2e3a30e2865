import DecoderTrials
import KernelModel
import Postmortem
import Testing

/// Overlapping stretches, as many and as crossed as can be, against the plainest way to resolve them.
@Suite struct OverlapTests {
  @Test(arguments: 0..<40)
  func `whatever the overlaps, each byte is that of the first stretch that has it`(seed: UInt64) throws {
    var random = SampleRandom(seed: seed + 1)
    let base = 0x1000
    var expected = [UInt8?](repeating: nil, count: 700)
    var file: [UInt8] = []
    for number in 0..<UInt8(30) {
      let start = Int(random.byte()) * 2
      let count = Int(random.byte()) % 40 + 1
      file += SampleLime.lime(UInt64(base + start), [UInt8](repeating: number, count: count))
      for index in start..<start + count where expected[index] == nil { expected[index] = number }
    }
    let dump = try DumpFile.open(BytesSource(file))
    for (index, byte) in expected.enumerated() {
      let address = PhysicalAddress(UInt64(base + index))
      let result = Result { () throws(PhysicalFault) in try dump.bytes(at: address, count: 1) }
      #expect(result == (byte.map { .success([$0]) } ?? .failure(.absent(address))))
    }
    let covered = expected.filter { $0 != nil }.count
    #expect(dump.extents.reduce(0) { $0 + Int($1.byteCount) } == covered)
  }
}
