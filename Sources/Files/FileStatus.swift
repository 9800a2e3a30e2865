import Glibc

/// What the file system says of a file.
package struct FileStatus: Sendable {
  package enum Kind: Hashable, Sendable {
    case file, folder, link, device, socket, other
  }

  package let kind: Kind
  package let byteCount: UInt64
  /// When it was last written, in seconds since 1970.
  package let modified: Int
  /// The number of the user it belongs to.
  package let owner: UInt32
  /// Who may do what with it, as chmod(2) takes it.
  package let permissions: UInt32
  /// Of a device, its major number.
  let deviceMajor: UInt32
  let nameCount: Int
  /// Of its device and its own: the same for all names of one file.
  package let identity: [UInt64]

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      case S_IFCHR: .device
      case S_IFSOCK: .socket
      default: .other
      }
    byteCount = UInt64(clamping: status.st_size)
    modified = status.st_mtim.tv_sec
    owner = status.st_uid
    permissions = status.st_mode & 0o7777
    // glibc's encoding of a device number (bits/sysmacros.h): the major number's low 12 bits are bits 8 to 19.
    deviceMajor = UInt32(truncatingIfNeeded: status.st_rdev >> 8 & 0xfff)
    nameCount = Int(clamping: status.st_nlink)
    identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
  }

  /// Of what is open.
  init?(of descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of what is at `path`; nil if nothing is, or that cannot be told.
  ///
  /// - Parameter followingLinks: whether of a link's target, if its last component is one.
  package init?(at path: String, followingLinks: Bool) {
    self.init(at: path, in: AT_FDCWD, followingLinks: followingLinks)
  }

  init?(at path: String, in folder: Int32, followingLinks: Bool) {
    var status = stat()
    guard fstatat(folder, path, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    self.init(status)
  }

  /// Whether nobody but its owner may read or write it.
  package var isPrivate: Bool { permissions & 0o077 == 0 }

  /// Whether it is the caller's own.
  var isOurs: Bool { owner == geteuid() }
}

/// The path without links and dots, of what is there; nil if nothing is.
package func realPath(_ path: String) -> String? {
  guard let real = realpath(path, nil) else { return nil }
  defer { free(real) }
  return String(cString: real)
}
