package import Files

/// Why a vendor's file, or what lies packed in it, could not be read.
package enum VendorFileError: Error, Hashable, Sendable {
  /// The file could not be opened or read.
  case file(FileFault)
  /// The system gave no memory: so many bytes.
  case noMemory(byteCount: Int, errno: Int32)
  /// Neither a bzImage nor an ELF file.
  case notABootImage
  /// Its boot protocol, as in `0x0207`, does not say where the kernel lies; 2.08 (Linux 2.6.26) was the first that did.
  case protocolTooOld(UInt16)
  /// The header says that the kernel lies at bytes the file does not have.
  case payloadOutside(offset: Int, byteCount: Int, fileByteCount: Int)
  /// Something is larger than we are willing to read.
  case tooLarge(String, byteCount: UInt64, limit: Int)
  /// The kernel begins with these bytes, which are no compression we know.
  case unknownCompression([UInt8])
  /// The compressed data makes no sense, noticed after so many decompressed bytes.
  case corrupt(Compression, String, decompressed: Int)
  /// The compressed data ends in the middle, after so many decompressed bytes.
  case truncated(Compression, decompressed: Int)
  /// More comes out of the compressed data than anything of its kind holds: more than so many bytes.
  case expandsTooFar(Compression, limit: Int)
  /// It is no ELF file of the kind that was looked for, and what is wrong with it.
  case notAnObject(String)
  /// It is no package that can be read, and what is wrong with it.
  case notAPackage(String)
  /// A package manager recorded its digest by an algorithm that is not known.
  case unknownDigest(String)
  /// No signature vouches for it, and why.
  case unsigned(String)
  /// It is not what was signed, and why.
  case wrongSignature(String)
  /// A store of kernels does not hold it as it was put there, and why.
  case damaged(String)
  /// The kernel has no build id to know it by.
  case buildIDMissing
}

extension VendorFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault):
      fault.problem
    case .noMemory(let byteCount, let errno):
      "needs \(byteCount) bytes of memory, and the system refused: error \(errno)"
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
      "its \(compression.rawValue) data is corrupt, \(decompressed) decompressed bytes on: \(problem)"
    case .truncated(let compression, let decompressed):
      "its \(compression.rawValue) data ends in the middle, \(decompressed) decompressed bytes on"
    case .expandsTooFar(let compression, let limit):
      "its \(compression.rawValue) data expands to more than \(limit) bytes, which nothing of its kind has"
    case .notAnObject(let problem):
      "is not the ELF file that was looked for: \(problem)"
    case .notAPackage(let problem):
      "is not a package that can be read: \(problem)"
    case .unknownDigest(let algorithm):
      "has a recorded digest of a kind that is not known: \(algorithm)"
    case .damaged(let why), .unsigned(let why), .wrongSignature(let why):
      why
    case .buildIDMissing:
      "its kernel has no build id"
    }
  }
}
