internal import ArgumentParser
internal import Files

/// A text file that the user names: signature rules, a configuration, allow rules.
struct NamedFile {
  /// Why the file could not be read.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path): \(reason)" }
  }

  let path: String
  /// A larger file is not what it is said to be, in bytes.
  var limit = 16 << 20

  /// All of the file, which must be a regular one: of a pipe nobody may ever write to, opening would not return.
  func bytes() throws(Unreadable) -> [UInt8] {
    try Unreadable.from { () throws(FileFault) in try OpenedFile(path, followingLinks: true).readAll(limit: limit) }
  }

  /// The files in the folder `path` whose names end in `suffix`, sorted by name; only itself if it is no folder.
  func filesInside(endingIn suffix: String) throws(Unreadable) -> [NamedFile] {
    guard FileStatus(at: path, followingLinks: true)?.kind == .folder else { return [self] }
    let names = try Unreadable.from { () throws(FileFault) in
      try Folder(path, followingLinks: true).names(limit: 1 << 16)
    }
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
      .map { NamedFile(path: "\(path)/\($0)", limit: limit) }
  }
}

extension NamedFile.Unreadable {
  init(_ fault: FileFault) {
    path = fault.path
    reason =
      switch fault.reason {
      case .refused(let errno): "cannot be read: \(SystemError(errno).words)"
      case .notRegular: "not a regular file: a device, a pipe or a folder is in its place"
      case .tooLarge(let limit): "larger than \(limit >> 20) MiB, which no such file is"
      default: fault.problem
      }
  }

  static func from<Value>(_ deed: () throws(FileFault) -> Value) throws(Self) -> Value {
    do throws(FileFault) {
      return try deed()
    } catch {
      throw Self(error)
    }
  }
}

/// What the user's files say.
enum UserFiles {
  /// What `load` makes of them; what is wrong with them is wrong with the command line.
  static func accepted<Value>(_ load: () throws -> Value) throws -> Value {
    do {
      return try load()
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
