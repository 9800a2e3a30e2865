package import Files

/// The bytes of a dump, readable at any offset: a file, memory that stands for one, or a file rearranged.
package protocol DumpSource: AnyObject {
  var byteCount: UInt64 { get }

  /// Fills `target` from `offset` on, and returns how many bytes came: fewer than asked for where the source ends, or
  /// where the next byte cannot be had. Throws if not even the first can.
  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SourceFault) -> Int
}

extension DumpSource {
  /// The `count` bytes at `offset`, fewer where the source ends.
  func available(_ count: Int, at offset: UInt64) throws(DumpError) -> [UInt8] {
    let there = offset < byteCount ? Int(clamping: min(byteCount - offset, UInt64(max(count, 0)))) : 0
    var bytes = [UInt8](repeating: 0, count: there)
    var done = 0
    while done < there {
      let came = bytes.withUnsafeMutableBytes { buffer in
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        return Result { () throws(SourceFault) in try read(at: offset + UInt64(done), into: rest) }
      }
      switch came {
      case .success(0): return Array(bytes.prefix(done))
      case .success(let count): done += count
      case .failure(let fault): throw .unreadable(fault)
      }
    }
    return bytes
  }

  /// The `count` bytes at `offset`, which are `what`.
  func bytes(_ count: Int, at offset: UInt64, of what: String) throws(DumpError) -> [UInt8] {
    let bytes = try available(count, at: offset)
    guard bytes.count == count else {
      throw .truncated(what, needed: UInt64(clamping: count), available: UInt64(bytes.count))
    }
    return bytes
  }
}

extension OpenedFile: DumpSource {
  package var byteCount: UInt64 { status.byteCount }

  package func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SourceFault) -> Int {
    guard offset < byteCount else { return 0 }
    var done = 0
    while done < target.count {
      do throws(FileFault) {
        let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
        let came = try readSome(at: offset &+ UInt64(done), into: rest)
        guard came > 0 else { break }
        done += came
      } catch {
        guard done == 0 else { break }
        throw .refused(errno: error.errorNumber ?? 0)
      }
    }
    return done
  }
}

/// Bytes in memory that stand for a file.
package final class BytesSource: DumpSource {
  private let contents: [UInt8]

  package init(_ contents: [UInt8]) {
    self.contents = contents
  }

  package var byteCount: UInt64 { UInt64(contents.count) }

  package func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) -> Int {
    guard offset < byteCount else { return 0 }
    let part = contents[Int(offset)...].prefix(target.count)
    target.copyBytes(from: part)
    return part.count
  }
}
