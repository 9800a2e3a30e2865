internal import KernelModel

/// The chunks of Snappy streams in a file, one after the other, as if they were not compressed.
final class SnappySource: DumpSource {
  private struct Chunk {
    /// Where its first byte is among the bytes that all chunks hold.
    var start: UInt64
    /// Where in the file it is.
    var offset: UInt64
  }

  /// More chunks than this are not believed: 256 GiB of memory.
  private static let mostChunks = 1 << 22

  private(set) var byteCount: UInt64 = 0
  private let base: any DumpSource
  private let data: ReadAhead
  private let cache = BlockCache(blockByteCount: SnappyChunk.largest)
  private var chunks: [Chunk] = []
  /// How many chunks were looked at, those that hold nothing too.
  private var lookedAt = 0

  init(_ base: any DumpSource) {
    self.base = base
    data = ReadAhead(base, largest: 256 << 10)
  }

  /// Takes in the chunks from `offset` on, until they hold `wanted` bytes.
  ///
  /// - Returns: where the last of them ends, or nil if a chunk does not fit or the file ends.
  func index(from offset: UInt64, wanted: UInt64, _ reader: ReadAhead) throws(DumpError) -> UInt64? {
    var position = offset
    let end = byteCount + wanted
    while byteCount < end {
      guard lookedAt < Self.mostChunks else { throw .tooMany("chunks of compressed memory", limit: Self.mostChunks) }
      lookedAt += 1
      let chunk: SnappyChunk?
      do throws(SourceFault) {
        chunk = SnappyChunk(try reader.bytes(at: position, count: SnappyChunk.headByteCount))
      } catch {
        throw .unreadable(error)
      }
      guard let chunk, UInt64(chunk.byteCount) <= end - byteCount,
        UInt64(chunk.bodyByteCount) + 4 <= base.byteCount - position
      else { return nil }
      if chunk.byteCount > 0 { chunks.append(Chunk(start: byteCount, offset: position)) }
      byteCount += UInt64(chunk.byteCount)
      position += 4 + UInt64(chunk.bodyByteCount)
    }
    return position
  }

  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SourceFault) -> Int {
    var done = 0
    while done < target.count, offset &+ UInt64(done) < byteCount {
      let position = offset + UInt64(done)
      let number = chunk(holding: position)
      let start = chunks[number].start
      let end = number + 1 < chunks.count ? chunks[number + 1].start : byteCount
      do throws(SourceFault) {
        done += try cache.copy(
          UInt64(number), from: Int(position - start), byteCount: Int(end - start),
          into: UnsafeMutableRawBufferPointer(rebasing: target[done...])
        ) { output throws(SourceFault) in try decode(chunks[number], into: output) }
      } catch {
        guard done > 0 else { throw error }
        break
      }
    }
    return done
  }

  private func decode(_ chunk: Chunk, into output: UnsafeMutableRawBufferPointer) throws(SourceFault) {
    let head = try data.bytes(at: chunk.offset, count: SnappyChunk.headByteCount)
    guard let decoder = SnappyChunk(head), decoder.byteCount == output.count else { throw .damaged }
    let body = try data.bytes(at: chunk.offset + 4, count: decoder.bodyByteCount)
    guard body.count == decoder.bodyByteCount else { throw .truncated }
    guard decoder.decode(body, into: output) else { throw .damaged }
  }

  /// The number of the chunk that holds `position`, found by bisection; there is one.
  private func chunk(holding position: UInt64) -> Int {
    chunks.partitionPoint { $0.start > position } - 1
  }
}
