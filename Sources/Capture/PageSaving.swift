internal import Glibc
internal import KernelModel
package import Postmortem

/// Saves pages of a kernel's memory in a kdump-compressed file.
package struct PageSaving {
  /// What came of it.
  package struct Outcome: Hashable, Sendable {
    /// Pages in the file.
    package var pageCount: Int
    /// How many of them are all zeros.
    package var zeroPageCount: Int
    /// Pages that could not be read, and are not in the file.
    package var unreadable: Int
    /// The size of the file.
    package var byteCount: UInt64
  }

  package enum Failure: Error, Hashable, Sendable {
    case interrupted
    /// The target refused a write.
    case target(TargetFault)
  }

  /// Writes those of `pages` that are memory and can be read.
  ///
  /// - Parameters:
  ///   - isKept: whether `memory` does not change, or has the pages as they were. Else many are read before one is
  ///     compressed, 64 MiB: most kernels' captures are no larger.
  ///   - isInterrupted: asked now and then whether to give up.
  ///   - progress: told how many pages are done.
  package static func save(
    _ pages: PageSet, of memory: any Dump, isKept: Bool = false, as description: KdumpWriter.Description,
    compression: PageCompression = .lzo, to target: any DumpTarget,
    isInterrupted: () -> Bool = { false }, progress: (Int) -> Void = { _ in }
  ) throws(Failure) -> Outcome {
    let frames = pages.frames.filter { frame in
      frame < 1 << 40 && description.extents.contains { $0.contains(PhysicalAddress(frame: frame)) }
    }
    do throws(TargetFault) {
      let writer = try KdumpWriter(description, compression: compression, mostPages: frames.count, to: target)
      let batch = PageBatch(min(frames.count, isKept ? 1 << 8 : 1 << 14))
      var unreadable = 0
      var position = 0
      while position < frames.count {
        let count = batch.read(frames[position...], of: memory)
        for index in 0..<count {
          if index % 64 == 0 {
            guard !isInterrupted() else { throw TargetFault(offset: 0, errno: EINTR) }
            progress(position + index)
          }
          guard let page = batch.page(index) else {
            unreadable += 1
            continue
          }
          try writer.add(page, frame: frames[position + index])
        }
        position += count
      }
      progress(position)
      try writer.finish()
      return Outcome(
        pageCount: writer.pageCount, zeroPageCount: writer.zeroPageCount, unreadable: unreadable,
        byteCount: writer.byteCount)
    } catch {
      throw error.errno == EINTR ? .interrupted : .target(error)
    }
  }
}
