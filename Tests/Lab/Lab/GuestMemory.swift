import Foundation
import Glibc

/// A guest's physical memory, which is a file of the host: reads and writes it while the guest runs.
package final class GuestMemory {
  package let size: UInt64
  private let descriptor: Int32
  /// `SEEK_DATA` of lseek(2), which Glibc does not show to Swift (include/uapi/linux/fs.h, v3.1 and later).
  private static let seekData: Int32 = 3

  init(file: URL) throws(LabError) {
    descriptor = open(file.path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw LabError("the guest's memory \(file.path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    size = UInt64(max(lseek(descriptor, 0, SEEK_END), 0))
  }

  deinit { close(descriptor) }

  package func read(physical address: UInt64, count: Int) throws(LabError) -> [UInt8] {
    try check(address, count)
    var bytes = [UInt8](repeating: 0, count: count)
    let read = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(address)) }
    guard read == count else { throw LabError("\(count) bytes at physical \(hex(address)): \(read) could be read") }
    return bytes
  }

  package func write(physical address: UInt64, _ bytes: [UInt8]) throws(LabError) {
    try check(address, bytes.count)
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(address)) }
    guard written == bytes.count else {
      throw LabError("\(bytes.count) bytes at physical \(hex(address)): \(written) could be written")
    }
  }

  package func readWord(physical address: UInt64) throws(LabError) -> UInt64 {
    try read(physical: address, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  package func writeWord(physical address: UInt64, _ value: UInt64) throws(LabError) {
    try write(physical: address, withUnsafeBytes(of: value.littleEndian) { Array($0) })
  }

  /// The physical addresses of the pages that begin with these bytes.
  ///
  /// Memory the guest never used is passed over.
  package func pages(beginningWith bytes: [UInt8]) throws(LabError) -> [UInt64] {
    let page = 4096
    guard !bytes.isEmpty, bytes.count <= page else {
      throw LabError("\(bytes.count) bytes are not the beginning of a page")
    }
    var found: [UInt64] = []
    var chunk = [UInt8](repeating: 0, count: 4 << 20)
    var offset: off_t = 0
    while offset < off_t(size) {
      // Where nothing was ever written the file has no data.
      let data = lseek(descriptor, offset, Self.seekData)
      guard data >= 0 else { break }
      offset = data & ~off_t(page - 1)
      let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, offset) }
      guard count > 0 else { break }
      chunk.withUnsafeBytes { memory in
        for start in stride(from: 0, to: count - page + 1, by: page)
        where memory[start] == bytes[0] && memory[start..<start + bytes.count].elementsEqual(bytes) {
          found.append(UInt64(offset) + UInt64(start))
        }
      }
      offset += off_t(count)
    }
    return found
  }

  private func check(_ address: UInt64, _ count: Int) throws(LabError) {
    guard address <= size, UInt64(count) <= size - address else {
      throw LabError("\(count) bytes at physical \(hex(address)) are beyond the guest's \(size) bytes of memory")
    }
  }
}

/// An address in the notation of `/proc/kallsyms`, with `0x` before it.
package func hex(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }
