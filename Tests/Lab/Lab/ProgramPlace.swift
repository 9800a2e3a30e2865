import Foundation
import Glibc

/// The file that is `/liveprobe` in a guest that is saved, and what becomes of it: a guest that is restored has the program
/// of today there, however old the saved state is.
///
/// What an initramfs is unpacked to are pages of memory, each of which holds 4096 bytes of a file as they are (fs/ramfs and
/// mm/shmem.c, v5.10 to v7.2). Each page of this file says where in it it is; it is looked for in the guest's memory, from
/// outside, and written over.
enum ProgramPlace {
  /// Room for the program, which has 28 MB, and for what it grows by.
  static let size = 40 << 20
  private static let pageSize = 4096
  /// Nothing else in a guest begins with it; where in the file the page is follows, in eight bytes.
  private static let mark = Array("liveprobe-lab: here be page ".utf8)

  /// Writes the file that takes the place in the guest, which the caller owns.
  static func makeFile() throws(LabError) -> URL {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-lab-\(UUID().uuidString)")
    var bytes = Data(count: size)
    for start in stride(from: 0, to: size, by: pageSize) {
      let number = withUnsafeBytes(of: UInt64(start).littleEndian) { Array($0) }
      bytes.replaceSubrange(start..<start + mark.count + 8, with: mark + number)
    }
    do {
      try bytes.write(to: file)
    } catch {
      throw LabError("\(file.path) cannot be written: \(error)")
    }
    guard chmod(file.path, 0o755) == 0 else { throw LabError("\(file.path) cannot be made executable") }
    return file
  }

  /// Writes a program over the file's pages, in the memory of a guest that stands still.
  ///
  /// - Returns: the program's size, which the file is still to be cut to.
  static func fill(with program: URL, in memory: GuestMemory) throws(LabError) -> Int {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: program))
    } catch {
      throw LabError("\(program.path) cannot be read: \(error)")
    }
    guard bytes.count <= size else {
      throw LabError("\(program.path) has \(bytes.count) bytes: there is room for \(size), ProgramPlace.size")
    }
    var filled: Set<Int> = []
    for address in try memory.pages(beginningWith: mark) {
      let word = try memory.readWord(physical: address + UInt64(mark.count))
      guard let start = Int(exactly: word), start < size, start % pageSize == 0 else { continue }
      // A page that the kernel copied and gave back may be there as well, and does not matter.
      filled.insert(start)
      guard start < bytes.count else { continue }
      try memory.write(physical: address, Array(bytes[start..<min(start + pageSize, bytes.count)]))
    }
    guard filled.count == size / pageSize else {
      throw LabError("\(filled.count) of the \(size / pageSize) pages for the program are in the guest's memory")
    }
    return bytes.count
  }
}
