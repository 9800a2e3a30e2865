import Glibc
package import KernelModel

/// A saved guest's physical memory.
///
/// The file is mapped, not read: memory that nobody looks at costs nothing. Bytes can be changed; the file never is.
package final class MappedFile: PhysicalMemory {
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer

  package init(path: String) throws(SavedKernelError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SavedKernelError("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    byteCount = Int(lseek(descriptor, 0, SEEK_END))
    let mapped = mmap(nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw SavedKernelError("\(path) cannot be mapped: \(String(cString: strerror(errno)))")
    }
    base = mapped
  }

  deinit { munmap(base, max(byteCount, 1)) }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    let source = try self.bytes(from: address, count: bytes.byteCount)
    bytes.withUnsafeMutableBytes { $0.copyMemory(from: source) }
  }

  /// Changes memory, for this process only.
  package func write(_ bytes: [UInt8], at address: PhysicalAddress) throws(PhysicalFault) {
    let target = UnsafeMutableRawBufferPointer(mutating: try self.bytes(from: address, count: bytes.count))
    target.copyBytes(from: bytes)
  }

  /// The memory itself, valid while this object lives.
  private func bytes(from address: PhysicalAddress, count: Int) throws(PhysicalFault) -> UnsafeRawBufferPointer {
    guard address.rawValue <= UInt64(byteCount), count <= byteCount - Int(address.rawValue) else {
      throw .absent(address)
    }
    return UnsafeRawBufferPointer(start: base + Int(address.rawValue), count: count)
  }
}
