import Files
import Glibc
import KernelModel

/// A locked page of our own memory, which holds what we know.
final class CanaryPage {
  private let start: UnsafeMutableRawPointer

  init(holding content: [UInt8]) throws(Withheld) {
    let count = CanaryText.byteCount
    let made = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let made, made != MAP_FAILED else {
      throw Withheld("a page of our own", why: SystemError.latest.description)
    }
    start = made
    // Neither of the two is needed: where the page lies is asked before and after.
    madvise(start, count, 15)  // MADV_NOHUGEPAGE, include/uapi/asm-generic/mman-common.h (v6.12)
    mlock(start, count)
    content.withUnsafeBytes { content in
      UnsafeMutableRawBufferPointer(start: start, count: count).copyBytes(from: content.prefix(count))
    }
  }

  deinit {
    munmap(start, CanaryText.byteCount)
  }

  /// Where the page lies in physical memory now.
  ///
  /// `/proc/self/pagemap` has 64 bits for each page: bit 63 says that it is present, bits 0 to 54 which frame it is in, as
  /// zero for those without CAP_SYS_ADMIN (Documentation/admin-guide/mm/pagemap.rst, v6.12).
  func physicalAddress() throws(Withheld) -> PhysicalAddress {
    let what = "where our own page lies in memory"
    let entry: [UInt8]
    do throws(FileFault) {
      let map = try OpenedFile("/proc/self/pagemap")
      entry = try map.bytes(at: UInt64(UInt(bitPattern: start)) / UInt64(CanaryText.byteCount) * 8, count: 8)
    } catch {
      throw Withheld(what, why: error.description, remedy: "run as root, with CAP_SYS_ADMIN")
    }
    let value = UInt64(littleEndianBytes: entry)
    let frame = value & (1 << 55 - 1)
    guard value >> 63 == 1, frame != 0 else {
      throw Withheld(
        what, why: "/proc/self/pagemap does not say which frame it is in", remedy: "run as root, with CAP_SYS_ADMIN")
    }
    return PhysicalAddress(frame: frame)
  }
}
