/// Why a kernel image could not be read.
package enum BootImageError: Error, Hashable, Sendable {
  /// The file is not there.
  case absent
  /// The file could not be opened, or is not a plain file.
  case cannotOpen(String)
  case readFailed(offset: UInt64, errno: Int32)
  /// Neither a bzImage nor an ELF file.
  case notABootImage
  /// Its boot protocol, as in `0x0207`, does not say where the kernel lies; 2.08 (Linux 2.6.26) was the first that did.
  case protocolTooOld(UInt16)
  /// The header says that the kernel lies at bytes the file does not have.
  case payloadOutside(offset: UInt64, byteCount: UInt64, fileByteCount: UInt64)
  /// Something is larger than we are willing to read.
  case tooLarge(String, byteCount: UInt64, limit: UInt64)
  /// The kernel begins with these bytes, which are no compression we know.
  case unknownCompression([UInt8])
  /// The compressed data makes no sense, noticed after so many decompressed bytes.
  case corrupt(Compression, String, decompressed: UInt64)
  /// The compressed data ends in the middle, after so many decompressed bytes.
  case truncated(Compression, decompressed: UInt64)
  /// The decompressed kernel ends before bytes that its own headers promise.
  case endsEarly(decompressed: UInt64, promised: UInt64)
  /// What was decompressed is not a kernel: what is wrong with its ELF headers.
  case notAKernel(String)
  /// The kernel has no build id to know it by.
  case buildIDMissing
}

extension BootImageError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .absent:
      "no such file"
    case .cannotOpen(let reason):
      reason
    case .readFailed(let offset, let errno):
      "could not be read at byte \(offset): error \(errno)"
    case .notABootImage:
      "is neither a bzImage nor an ELF file"
    case .protocolTooOld(let version):
      "its boot protocol is \(version >> 8).\(version & 0xff), and only 2.8 and later say where the kernel lies"
    case .payloadOutside(let offset, let byteCount, let fileByteCount):
      "its header puts the kernel at byte \(offset), \(byteCount) bytes, and the file has \(fileByteCount)"
    case .tooLarge(let what, let byteCount, let limit):
      "\(what): \(byteCount) bytes, and \(limit) is the limit"
    case .unknownCompression(let bytes):
      "its kernel is compressed in a way we do not know: it begins with bytes \(bytes)"
    case .corrupt(let compression, let problem, let decompressed):
      "its \(compression.rawValue) data is corrupt, \(decompressed) bytes into the kernel: \(problem)"
    case .truncated(let compression, let decompressed):
      "its \(compression.rawValue) data ends \(decompressed) bytes into the kernel"
    case .endsEarly(let decompressed, let promised):
      "its kernel has \(decompressed) bytes, and its headers speak of byte \(promised)"
    case .notAKernel(let problem):
      "what it holds is not a kernel: \(problem)"
    case .buildIDMissing:
      "its kernel has no build id"
    }
  }
}
