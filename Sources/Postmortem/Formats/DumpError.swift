internal import Files
package import KernelFormats
internal import KernelModel

/// Why a file cannot be read as a dump.
package enum DumpError: Error, Hashable, Sendable {
  /// The file cannot be opened: this error number.
  case cannotOpen(errno: Int32)
  /// A device, a pipe or a folder stands in its place.
  case notRegular
  /// The file is empty.
  case empty
  /// Reading its headers failed.
  case unreadable(SourceFault)
  /// The file ends before what it must hold: what, and how many bytes that needs and are there.
  case truncated(String, needed: UInt64, available: UInt64)
  /// An ELF header, program header or note makes no sense.
  case coreFile(CoreFileError)
  /// A field of the file makes no sense: the field and its value.
  case implausible(field: String, value: UInt64)
  /// It is a dump of a kind that is not read: what kind, and what to do instead.
  case unsupported(String, remedy: String)
  /// The file has more of something than is believed: of what, and how many at most.
  case tooMany(String, limit: Int)
  /// The file holds no physical memory: why not.
  case noMemory(String)
  /// The map of raw memory makes no sense: why not.
  case map(String)
}

extension DumpError {
  /// Why a dump's file cannot be opened.
  init(_ fault: FileFault) {
    self = fault.errorNumber.map { .cannotOpen(errno: $0) } ?? .notRegular
  }
}

extension DumpError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cannotOpen(let errno): "it cannot be opened: " + SystemError(errno).words
    case .notRegular: "not a regular file: a device, a pipe or a folder is in its place"
    case .empty: "the file is empty"
    case .unreadable(let fault): "reading its headers failed: \(fault)"
    case .truncated(let what, let needed, let available):
      "\(what) is cut short: it needs \(needed) bytes, and there are \(available)"
    case .coreFile(let error): error.description
    case .implausible(let field, let value): "the dump makes no sense: \(field) is \(value.hexadecimal)"
    case .unsupported(let kind, let remedy): "\(kind) is not read: \(remedy)"
    case .tooMany(let what, let limit): "more than \(limit) \(what) are not believed"
    case .noMemory(let why): "there is no physical memory in it: \(why)"
    case .map(let why): "the map of the memory makes no sense: \(why)"
    }
  }
}
