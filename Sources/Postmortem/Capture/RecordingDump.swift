internal import Glibc
package import KernelFormats
package import KernelModel

/// A dump that remembers which of its pages were read, and as they were when they were first read.
///
/// Whoever looks at a kernel through it finds out what looking takes: another file that has those pages gives the same
/// answers. Of a kernel that runs, whoever looks twice sees one page only once.
package final class RecordingDump: Dump {
  private let base: any Dump
  /// The pages that were read.
  package private(set) var read = PageSet()
  /// The pages that were asked for, of which the dump knows and which it does not have.
  package private(set) var leftOut = PageSet()

  /// How many pages are kept at most.
  private let mostKept: Int
  /// Where each page that is kept is, by its frame: the how-manieth.
  private var places: [UInt64: Int] = [:]
  /// Rooms for pages, each for ``pagesOfRoom`` of them.
  private var rooms: [UnsafeMutableRawBufferPointer] = []

  private static let pagesOfRoom = 256
  private static var pageByteCount: Int { Int(Machine.pageSize) }

  /// - Parameter mostKept: how many pages are kept at most; those that follow are read anew each time.
  package init(_ base: any Dump, keeping mostKept: Int = 0) {
    self.base = base
    self.mostKept = mostKept
  }

  deinit {
    for room in rooms { room.deallocate() }
  }

  package var format: String { base.format }
  package var extents: [PhysicalRegion] { base.extents }
  package var notes: [ElfNote] { base.notes }
  package var vmcoreInfo: [UInt8]? { base.vmcoreInfo }
  package var remarks: [String] { base.remarks }
  package var isFiltered: Bool { base.isFiltered }

  /// Whether each page that was read is kept.
  package var keepsAll: Bool { places.count == read.count }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    do throws(PhysicalFault) {
      guard mostKept > 0 else { return try readAnew(at: address, into: &bytes) }
      try bytes.fill(from: address, piece)
    } catch {
      if error.reason == .leftOut { leftOut.insert(error.address.frame) }
      throw error
    }
  }

  /// Keeps those of `pages` that can be read, all of them read in one go.
  package func keep(_ pages: PageSet) {
    let frames = pages.frames.filter { places[$0] == nil }
    var index = 0
    while index < frames.count, places.count < mostKept {
      var count = 1
      while index + count < frames.count, frames[index + count] == frames[index] &+ UInt64(count) { count += 1 }
      let kept = keep(frames[index], count: count)
      // What cannot be read is left out when it is saved, and counted there.
      index += max(kept, 1)
    }
  }

  /// How many of the pages that are kept another dump has not, or not as they are kept.
  package func missing(in saved: any Dump) -> Int {
    places.keys.sorted().count { frame in
      guard let place = places[frame],
        let page = try? saved.bytes(at: PhysicalAddress(frame: frame), count: Self.pageByteCount)
      else { return true }
      return page.withUnsafeBytes { bytes in
        guard let one = bytes.baseAddress, let other = room(place, count: 1).baseAddress else { return true }
        return memcmp(one, other, bytes.count) != 0
      }
    }
  }

  /// The start of what is asked for: from the pages that are kept, or else from those that now are.
  private func piece(
    at address: PhysicalAddress, into target: UnsafeMutableRawBufferPointer
  ) throws(PhysicalFault) -> Int {
    let start = Int(Machine.offsetInPage(address.rawValue))
    let count = min(target.count, Self.pageByteCount - start)
    if places[address.frame] == nil {
      _ = keep(address.frame, count: (start + target.count + Self.pageByteCount - 1) / Self.pageByteCount)
    }
    let part = UnsafeMutableRawBufferPointer(rebasing: target[..<count])
    if let place = places[address.frame] {
      part.copyMemory(from: UnsafeRawBufferPointer(rebasing: room(place, count: 1)[start..<start + count]))
    } else {
      // There is no room, or a part of the page cannot be read: this one, perhaps.
      var span = part.mutableBytes
      try readAnew(at: address, into: &span)
    }
    return count
  }

  private func readAnew(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    try base.read(at: address, into: &bytes)
    read.insert(PhysicalRegion(start: address, byteCount: UInt64(bytes.byteCount)))
  }

  /// Keeps pages from `frame` on, `count` at most, and returns how many.
  ///
  /// As far as none of them is kept already, and a room goes; fewer if one of them cannot be read.
  private func keep(_ frame: UInt64, count: Int) -> Int {
    let next = places.count
    var most = min(count, mostKept - next, Self.pagesOfRoom - next % Self.pagesOfRoom)
    guard most > 0 else { return 0 }
    most = (1..<most).first { places[frame &+ UInt64($0)] != nil } ?? most
    if next / Self.pagesOfRoom == rooms.count {
      rooms.append(
        .allocate(byteCount: Self.pagesOfRoom * Self.pageByteCount, alignment: Self.pageByteCount))
    }
    while most > 0 {
      var span = room(next, count: most).mutableBytes
      // Why a page cannot be read, whoever asks for it is told.
      if (try? base.read(at: PhysicalAddress(frame: frame), into: &span)) != nil { break }
      most /= 2
    }
    for index in 0..<most {
      places[frame &+ UInt64(index)] = next + index
      read.insert(frame &+ UInt64(index))
    }
    return most
  }

  private func room(_ place: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    let start = place % Self.pagesOfRoom * Self.pageByteCount
    return UnsafeMutableRawBufferPointer(
      rebasing: rooms[place / Self.pagesOfRoom][start..<start + count * Self.pageByteCount])
  }
}
