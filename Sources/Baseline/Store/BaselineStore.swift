package import Files
package import KernelModel

/// The baselines of one host: a folder with one file for each kernel build, named after its build id.
///
/// Beside each baseline whose signature was verified stands the newest time at which one was signed, so that an older one
/// is not taken for it.
package final class BaselineStore {
  /// Where baselines are unless the user says otherwise.
  package static let standardPath = "/var/lib/liveprobe/baselines"

  private let folder: StoreFolder
  package var path: String { folder.path }

  /// - Parameter makes: whether the folder is made if it is not there.
  package init(_ path: String, makes: Bool = false) throws(StoreError) {
    folder = try StoreFolder(path, makes: makes)
  }

  private static let suffix = ".baseline"

  package static func name(for buildID: BuildID) -> String { "\(buildID)\(suffix)" }

  package func path(for buildID: BuildID) -> String { folder.path(of: Self.name(for: buildID)) }

  /// A baseline's bytes, and when its file was written.
  package func read(_ buildID: BuildID) throws(StoreError) -> StoredBaseline {
    try read(Self.name(for: buildID))
  }

  /// The bytes of any file in the folder that is to be a baseline.
  package func read(_ name: String) throws(StoreError) -> StoredBaseline {
    // One byte more than a baseline has tells what is wrong with it.
    let (bytes, modified) = try folder.read(name, limit: BaselineFile.limit + 1)
    return StoredBaseline(path: folder.path(of: name), bytes: bytes, modified: UTCTime(secondsSince1970: modified))
  }

  /// Writes the baseline of its kernel, in place of the one that is there.
  package func write(_ file: BaselineFile) throws(StoreError) {
    try folder.replace(Self.name(for: file.state.buildID), with: file.bytes)
  }

  /// Takes a kernel's baseline away; what is remembered of its signatures stays, or forgetting would be a way back.
  package func forget(_ buildID: BuildID) throws(StoreError) {
    try folder.remove(Self.name(for: buildID))
  }

  /// The kernel builds that have a baseline.
  package func list() throws(StoreError) -> [BuildID] {
    try folder.names().filter { $0.hasSuffix(Self.suffix) }.compactMap {
      BuildID(hexadecimal: $0.dropLast(Self.suffix.count))
    }
  }

  // MARK: The newest signature

  private static func memory(for buildID: BuildID) -> String { "\(buildID).newest-signature" }

  /// When the newest baseline that was verified here was signed; nil if none was.
  package func newestSignature(for buildID: BuildID) throws(StoreError) -> UTCTime? {
    let name = Self.memory(for: buildID)
    let bytes: [UInt8]
    do throws(StoreError) {
      bytes = try folder.read(name, limit: 4096).bytes
    } catch .absent {
      return nil
    }
    guard let time = UTCTime(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }) else {
      throw .untrusted(folder.path(of: name), "holds no time")
    }
    return time
  }

  /// Remembers when a baseline that was verified was signed, if nothing newer is known.
  package func remember(_ time: UTCTime, for buildID: BuildID) throws(StoreError) {
    guard try newestSignature(for: buildID).map({ $0 < time }) ?? true else { return }
    try folder.replace(Self.memory(for: buildID), with: Array("\(time)\n".utf8))
  }
}

/// A baseline's file as it lies on the disk.
package struct StoredBaseline {
  package var path: String
  package var bytes: [UInt8]
  /// When the file was last written, as the file system says; nil if that is no time.
  package var modified: UTCTime?
}

extension StoredBaseline {
  /// The file that a user names, wherever it lies.
  package init(file path: String) throws(FileFault) {
    let file = try OpenedFile(path, followingLinks: true)
    self.init(
      path: path, bytes: try file.readAll(limit: BaselineFile.limit),
      modified: UTCTime(secondsSince1970: file.status.modified))
  }
}
