import Cryptography
import Files
package import KernelModel

/// A folder of vendors' kernels by build id, for `--reference` on any host.
///
///     liveprobe-store            says that it is one
///     kernels/BUILD-ID           a kernel's entry (``StoredKernel``)
///     objects/AB/SHA256          a file as it was shipped
///     objects/AB/SHA256.z        one that was shipped uncompressed, as a zlib stream
///
/// A file that several kernels have is there once. Entries and files are replaced as a whole; any web server or share can
/// serve the folder. What is read is held against its digest.
package final class KernelStore {
  package static let standardPath = "/var/lib/liveprobe/kernels"
  static let marker = "liveprobe-store"
  private static let markerText = "liveprobe store 1\n"
  /// The largest file that is taken in: a vmlinux with debugging information.
  static let largestFile = VendorStore.vmlinuxLimit
  private static let mostKernels = 100_000
  private static let mostObjects = 1 << 21

  package let path: String

  /// Whether the folder at `path` is a store.
  package static func isStore(_ path: String) -> Bool {
    FileStatus(at: join(path, marker), followingLinks: false)?.kind == .file
  }

  /// Opens the store at `path`.
  ///
  /// - Parameter makes: whether it is made where there is none; a folder that has anything else in it is left alone.
  package init(_ path: String, makes: Bool = false) throws(StoreFault) {
    self.path = path
    if Self.isStore(path) { return }
    guard makes else { throw .notAStore(path) }
    try StoreFault.files { () throws(FileFault) in
      try Folder.make(path, mode: 0o755)
      guard try Folder(path, followingLinks: true).names(limit: 16).isEmpty else {
        throw FileFault(path: path, operation: .make, reason: .occupied)
      }
      try Folder.make(Self.join(path, "kernels"), mode: 0o755)
      try Folder.make(Self.join(path, "objects"), mode: 0o755)
      try AtomicFile(Self.join(path, Self.marker), mode: 0o644).write(Array(Self.markerText.utf8))
    }
  }

  // MARK: Kernels

  /// The builds that it has, sorted.
  package func builds() throws(StoreFault) -> [BuildID] {
    try StoreFault.files { () throws(FileFault) in
      try Folder(place("kernels")).names(limit: Self.mostKernels).compactMap { BuildID(hexadecimal: $0) }
        .sorted { $0.description < $1.description }
    }
  }

  package func kernel(_ build: BuildID) throws(StoreFault) -> StoredKernel {
    let file: OpenedFile
    do throws(FileFault) {
      file = try OpenedFile(place("kernels/\(build)"))
    } catch {
      throw error.isAbsence ? .absent(build) : .file(error)
    }
    let bytes = try StoreFault.files { () throws(FileFault) in try file.bytes(at: 0, upTo: StoredKernel.limit) }
    let kernel = try StoredKernel(text: String(decoding: bytes, as: UTF8.self))
    guard kernel.buildID == build else { throw .damaged("the entry of build \(build) is of build \(kernel.buildID)") }
    return kernel
  }

  /// Those that can be read.
  package func kernels() throws(StoreFault) -> [StoredKernel] {
    // Whoever needs to know what cannot be read asks for that one, or verifies the store.
    try builds().compactMap { try? kernel($0) }
  }

  /// Writes the kernel's entry; its files are there already.
  func put(_ kernel: StoredKernel) throws(StoreFault) {
    try StoreFault.files { () throws(FileFault) in
      try AtomicFile(place("kernels/\(kernel.buildID)"), mode: 0o644).write(Array(kernel.text.utf8))
    }
  }

  /// Takes a kernel away, and the files that no other has.
  ///
  /// - Returns: how many files went.
  package func remove(_ build: BuildID) throws(StoreFault) -> Int {
    let all = try builds()
    guard all.contains(build) else { throw .absent(build) }
    // One that cannot be read may need any file: nothing goes then.
    var needed: Set<String> = []
    for other in all where other != build { needed.formUnion(try kernel(other).digests) }
    try StoreFault.files { () throws(FileFault) in try Folder(place("kernels")).remove(build.description) }
    var count = 0
    for object in try objects() where !needed.contains(object.digest) {
      try StoreFault.files { () throws(FileFault) in try Folder(object.folder).remove(object.name) }
      count += 1
    }
    return count
  }

  // MARK: Files

  static func isDigest(_ text: String) -> Bool { text.utf8.count == 64 && [UInt8](hexadecimal: text) != nil }

  /// The bytes of a file, as it was shipped.
  package func contents(of file: StoredKernel.File) throws(StoreFault) -> VendorObject.Contents {
    try contents(file.digest, byteCount: file.byteCount, named: file.path)
  }

  /// What was kept to verify a signature again.
  func evidence(of signature: PackageSignature) throws(StoreFault) -> [[UInt8]] {
    var evidence: [[UInt8]] = []
    for item in signature.evidence {
      let contents = try contents(item.digest, byteCount: item.byteCount, named: signature.document)
      evidence.append(contents.withBytes { Array($0) })
    }
    return evidence
  }

  private func contents(
    _ digest: String, byteCount: Int, named name: String
  ) throws(StoreFault) -> VendorObject.Contents {
    let contents = try stored(digest, byteCount)
    let found = contents.withBytes { Digest.sha256.of($0) }
    guard contents.bytes.count == byteCount, found == digest else {
      throw .damaged("\(name) is stored as \(digest), and has SHA-256 \(found)")
    }
    return contents
  }

  private func stored(_ digest: String, _ byteCount: Int) throws(StoreFault) -> VendorObject.Contents {
    let place = objectPlace(digest)
    return try StoreFault.vendor { () throws(VendorFileError) in
      guard FileStatus(at: place, followingLinks: false) == nil else {
        return try OpenedFile.contents(of: place, limit: Self.largestFile)
      }
      let packed = try OpenedFile.contents(of: place + ".z", limit: Self.largestFile)
      let bytes = try GrowingBytes(limit: byteCount)
      try packed.withBytes { (packed) throws(VendorFileError) in
        try Compression.gzip.decompress(packed, into: bytes)
      }
      return bytes.finish()
    }
  }

  /// Keeps a file's bytes, unless they are there.
  ///
  /// - Returns: their SHA-256.
  func keep(_ contents: VendorObject.Contents) throws(StoreFault) -> String {
    let digest = contents.withBytes { Digest.sha256.of($0) }
    let place = objectPlace(digest)
    guard FileStatus(at: place, followingLinks: false) == nil,
      FileStatus(at: place + ".z", followingLinks: false) == nil
    else { return digest }
    let packed = Compression(of: contents.bytes).map { $0 == .none } ?? true ? Deflate.compress(contents.bytes) : nil
    try StoreFault.files { () throws(FileFault) in
      try Folder.make(Folder.split(place).folder, mode: 0o755)
      if let packed {
        try AtomicFile(place + ".z", mode: 0o644).write(packed)
      } else {
        let file = try AtomicFile(place, mode: 0o644)
        try file.write(contentsOf: contents.bytes, at: 0)
        try file.finish()
      }
    }
    return digest
  }

  /// What is stored, whether a kernel has it or not.
  private func objects() throws(StoreFault) -> [(folder: String, name: String, digest: String)] {
    guard
      let files = try StoreFault.files({ () throws(FileFault) in try Folder.files(below: place("objects")) })
    else { return [] }
    return files.prefix(Self.mostObjects).compactMap { path in
      let (folder, name) = Folder.split(path)
      let digest = name.hasSuffix(".z") ? String(name.dropLast(2)) : name
      return Self.isDigest(digest) ? (folder, name, digest) : nil
    }
  }

  // MARK: Verification

  /// What is wrong with the store: entries and files that are not as they were written, and files that are missing.
  package func problems(progress: (BuildID) -> Void = { _ in }) throws(StoreFault) -> [String] {
    var problems: [String] = []
    var sound: Set<String> = []
    for build in try builds() {
      progress(build)
      do throws(StoreFault) {
        let kernel = try kernel(build)
        for file in kernel.files where sound.insert(file.digest).inserted {
          do throws(StoreFault) {
            let contents = try contents(of: file)
            if file.kind == .image { try Self.require(contents, of: build, file.path) }
          } catch {
            problems.append("build \(build): \(file.path): \(error)")
          }
        }
      } catch {
        problems.append("build \(build): \(error)")
      }
    }
    return problems
  }

  private static func require(
    _ contents: VendorObject.Contents, of build: BuildID, _ path: String
  ) throws(StoreFault) {
    let found = try StoreFault.vendor { () throws(VendorFileError) in
      try VendorStore.kernel(in: contents, source: path).buildID
    }
    guard found == build else { throw .damaged("it is of build \(found?.description ?? "unknown")") }
  }

  // MARK: Places

  func place(_ part: String) -> String { Self.join(path, part) }

  private func objectPlace(_ digest: String) -> String { place("objects/\(digest.prefix(2))/\(digest)") }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}
