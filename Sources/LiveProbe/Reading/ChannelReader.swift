internal import CSystemCalls
import Glibc

/// What the channels need besides the file they read: a pipe, a file in memory, a context, a ring; made when first
/// wanted, and gone with the reader.
///
/// Not for two threads at once.
final class ChannelReader {
  private var pipe: Result<[Int32], Refusal>?
  private var copy: Result<Int32, Refusal>?
  private var context: Result<UInt64, Refusal>?
  private var ring: Result<sys_ring, Refusal>?

  /// Why something could not be made: a negative error number.
  private struct Refusal: Error { let error: Int }

  /// Reads once, through `channel`, as many bytes as fit into `buffer`, from `offset` of the file `descriptor` on.
  func read(
    _ descriptor: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer, through channel: KcoreChannel
  ) -> ChannelAnswer {
    guard let start = buffer.baseAddress, buffer.count > 0 else { return ChannelAnswer(0) }
    let count = buffer.count
    var position: Int64 = 0
    switch channel {
    case .pread: return ChannelAnswer(sys_pread(descriptor, start, count, offset))
    case .preadv: return ChannelAnswer(sys_preadv(descriptor, start, count, offset))
    case .preadv2: return ChannelAnswer(sys_preadv2(descriptor, start, count, offset))
    case .read:
      let result = sys_read_at(descriptor, start, count, offset, &position)
      return ChannelAnswer(result, position: position)
    case .readv:
      let result = sys_readv_at(descriptor, start, count, offset, &position)
      return ChannelAnswer(result, position: position)
    case .splice:
      return with(&pipe, made: Self.makePipe) { sys_splice_read(descriptor, $0, start, count, offset) }
    case .sendfile:
      return with(&copy, made: Self.makeCopy) { sys_sendfile_read(descriptor, $0, start, count, offset) }
    case .aio:
      return with(&context, made: Self.makeContext) { sys_aio_read($0, descriptor, start, count, offset) }
    case .ioUring:
      return with(&ring, made: Self.makeRing) { ring in
        // A copy will do: what changes are the rings themselves, to which it points.
        var ring = ring
        return sys_ring_read(&ring, descriptor, start, count, offset)
      }
    }
  }

  deinit {
    if case .success(let ends) = pipe { ends.forEach { _ = close($0) } }
    if case .success(let copy) = copy { close(copy) }
    if case .success(let context) = context { sys_aio_close(context) }
    if case .success(var ring) = ring { sys_ring_close(&ring) }
  }

  private func with<Means>(
    _ kept: inout Result<Means, Refusal>?, made make: () -> Result<Means, Refusal>, _ body: (Means) -> Int
  ) -> ChannelAnswer {
    let means = kept ?? make()
    kept = means
    switch means {
    case .success(let means): return ChannelAnswer(body(means))
    case .failure(let refusal): return ChannelAnswer(refusal.error)
    }
  }

  private static func makePipe() -> Result<[Int32], Refusal> {
    var ends: [Int32] = [-1, -1]
    let result = sys_pipe(&ends)
    return result == 0 ? .success(ends) : .failure(Refusal(error: result))
  }

  private static func makeCopy() -> Result<Int32, Refusal> {
    let result = sys_memfd("copy", 0)
    return result >= 0 ? .success(Int32(result)) : .failure(Refusal(error: result))
  }

  private static func makeContext() -> Result<UInt64, Refusal> {
    var context: UInt64 = 0
    let result = sys_aio_open(&context)
    return result == 0 ? .success(context) : .failure(Refusal(error: result))
  }

  private static func makeRing() -> Result<sys_ring, Refusal> {
    var ring = sys_ring()
    let result = sys_ring_open(&ring)
    return result == 0 ? .success(ring) : .failure(Refusal(error: result))
  }
}
