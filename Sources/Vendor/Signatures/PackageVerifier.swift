package import Cryptography
import Files
import KernelModel

/// Tells who signed a package: from its own header, a signature beside it, or a repository's signed lists.
package final class PackageVerifier {
  private let judge: SignatureJudge
  /// Whether a package that nothing vouches for is refused.
  let isStrict: Bool
  private var releases: [Release] = []
  private var lists: [(list: PackageList, path: String)] = []
  /// Signatures beside what they are of, by the paths of that.
  private var detached: [(path: String, bytes: [UInt8])] = []
  /// What could not be read, and why.
  private var unread: [String] = []

  private struct Release {
    let names: [String: String]
    let signatures: Result<[PackageSignature], VendorFileError>
    let evidence: [[UInt8]]
  }

  /// What vouches for a package, and what is kept of it.
  struct Answer {
    var signatures: [PackageSignature] = []
    /// In the order of ``PackageSignature/evidence``.
    var evidence: [[UInt8]] = []
  }

  /// Debian's `InRelease` has 150 kB; a signature has less than 1.
  private static let largestRelease = 16 << 20
  private static let largestSignature = 1 << 20
  private static let mostFiles = 4096

  /// - Parameters:
  ///   - metadata: files of repositories, and signatures of packages, or folders with such.
  ///   - keyring: nil to note who signed, and verify nothing.
  ///   - now: seconds since 1970.
  package init(metadata: [String] = [], keyring: OpenPGP.Keyring? = nil, now: Int) throws(StoreFault) {
    judge = SignatureJudge(keyring: keyring, now: now)
    isStrict = keyring != nil || !metadata.isEmpty
    var files: [(path: String, isNamed: Bool)] = []
    for path in metadata {
      let below = try StoreFault.files { () throws(FileFault) in try Folder.files(below: path) }
      files += below.map { $0.filter(Self.mayBeMetadata).map { ($0, false) } } ?? [(path, true)]
    }
    guard files.count <= Self.mostFiles else {
      throw .metadata("\(files.count) files of metadata are too many; name those of the repository")
    }
    // Signatures first: a Release needs its own.
    for file in files where Self.signed(file.path) != nil { try take(file) }
    for file in files where Self.signed(file.path) == nil { try take(file) }
  }

  private static func mayBeMetadata(_ path: String) -> Bool {
    let name = FileNames.lastComponent(path)
    return name.hasSuffix("Release") || name.contains("Packages") || signed(path) != nil
  }

  /// What a file is the signature of, by its name.
  private static func signed(_ path: String) -> String? {
    for suffix in [".gpg", ".sig", ".asc"] where path.hasSuffix(suffix) { return String(path.dropLast(suffix.count)) }
    return nil
  }

  private func take(_ file: (path: String, isNamed: Bool)) throws(StoreFault) {
    do throws(VendorFileError) {
      if let signed = Self.signed(file.path) {
        detached.append((signed, try Self.bytes(file.path, limit: Self.largestSignature)))
      } else if file.path.hasSuffix("Release") {
        releases.append(try release(file.path))
      } else {
        lists.append((try PackageList(file.path), file.path))
      }
    } catch {
      let problem = "\(file.path): \(error)"
      if file.isNamed { throw .metadata(problem) }
      unread.append(problem)
    }
  }

  private static func bytes(_ path: String, limit: Int) throws(VendorFileError) -> [UInt8] {
    try OpenedFile.contents(of: path, limit: limit).withBytes { Array($0) }
  }

  // MARK: Repositories

  private func release(_ path: String) throws(VendorFileError) -> Release {
    let bytes = try Self.bytes(path, limit: Self.largestRelease)
    if OpenPGP.ClearSignedText.begins(bytes) { return try Self.release(clearSigned: bytes, judge) }
    guard let signature = detached.first(where: { $0.path == path })?.bytes else {
      throw .unsigned("it has no signature in it, and \(path).gpg is not given")
    }
    return try Self.release(plain: bytes, signature, judge)
  }

  private static func release(
    clearSigned bytes: [UInt8], _ judge: SignatureJudge
  ) throws(VendorFileError) -> Release {
    let signed = try openPGP { () throws(OpenPGP.Fault) in try OpenPGP.ClearSignedText(bytes) }
    let text = RepositoryRelease(signed.text)
    let result = Result { () throws(VendorFileError) in
      let answers = judge.answers(signed.signatures) { signed.answer($0, by: $1, now: judge.now) }
      return try judge.judge(signed.signatures, .repository, "InRelease of \(text.description)", answers)
    }
    return Release(names: text.names, signatures: result, evidence: [bytes])
  }

  private static func release(
    plain bytes: [UInt8], _ signature: [UInt8], _ judge: SignatureJudge
  ) throws(VendorFileError) -> Release {
    let text = RepositoryRelease(bytes)
    let result = Result { () throws(VendorFileError) in
      try detached(bytes, signature, .repository, "Release of \(text.description)", judge)
    }
    return Release(names: text.names, signatures: result, evidence: [bytes, signature])
  }

  /// What the signatures of `bytes` that stand apart from them are worth.
  private static func detached(
    _ bytes: [UInt8], _ signature: [UInt8], _ way: PackageSignature.Way, _ document: String, _ judge: SignatureJudge
  ) throws(VendorFileError) -> [PackageSignature] {
    let signatures = try openPGP { () throws(OpenPGP.Fault) in try OpenPGP.Signature.all(signature) }
    let answers = judge.answers(signatures) { signature, keyring in
      keyring.answer(signature, now: judge.now) { running in bytes.withUnsafeBytes { running.update($0) } }
    }
    return try judge.judge(signatures, way, document, answers)
  }

  private static func openPGP<Value>(_ body: () throws(OpenPGP.Fault) -> Value) throws(VendorFileError) -> Value {
    do throws(OpenPGP.Fault) {
      return try body()
    } catch {
      throw .wrongSignature("its signature cannot be read: \(error)")
    }
  }

  /// The lists that name the package, with the releases that name them.
  private func listed(_ package: PackageIdentity) throws(VendorFileError) -> Answer? {
    var obstacle: VendorFileError?
    for (list, _) in lists where list.packages.contains(package.digest) {
      for release in releases {
        guard let (name, digest) = Self.name(of: list, in: release) else { continue }
        do throws(VendorFileError) {
          var answer = Answer(signatures: try release.signatures.get(), evidence: release.evidence)
          for index in answer.signatures.indices {
            answer.signatures[index].index = PackageSignature.Item(name: name, digest: digest, byteCount: 0)
          }
          return answer
        } catch {
          obstacle = obstacle ?? error
        }
      }
    }
    if let obstacle { throw obstacle }
    return nil
  }

  private static func name(of list: PackageList, in release: Release) -> (name: String, digest: String)? {
    for digest in list.digests {
      guard let name = release.names[digest], FileNames.lastComponent(name).hasPrefix("Packages") else { continue }
      return (name, digest)
    }
    return nil
  }

  // MARK: Packages

  /// What vouches for `package`.
  ///
  /// - Throws: if a signature, or a digest on the way to the package, is wrong; and, if a keyring or metadata were given, if
  ///   nothing vouches for it.
  func answer(_ package: OpenedFile, _ identity: PackageIdentity) throws(VendorFileError) -> Answer {
    var found = try header(package)
    if found == nil { found = try beside(package) }
    if found == nil { found = try listed(identity) }
    var answer = found ?? Answer()
    if answer.signatures.isEmpty, isStrict {
      throw .unsigned("nothing signed vouches for it: \(reason)")
    }
    let items = answer.evidence.map { bytes in
      PackageSignature.Item(
        name: "", digest: bytes.withUnsafeBytes { Digest.sha256.of($0) }, byteCount: bytes.count)
    }
    for index in answer.signatures.indices { answer.signatures[index].evidence = items }
    return answer
  }

  private var reason: String {
    let loose = lists.filter { list in !releases.contains { Self.name(of: list.list, in: $0) != nil } }.map {
      "\($0.path) is named by no release that was given"
    }
    let all = unread + loose
    guard all.isEmpty else { return all.prefix(4).joined(separator: "; ") }
    return lists.isEmpty && releases.isEmpty
      ? "give its repository's InRelease and Packages, or its .sig, with --metadata"
      : "none of the lists that were given has its SHA-256"
  }

  private func header(_ package: OpenedFile) throws(VendorFileError) -> Answer? {
    guard try package.bytes(0..<4) == [0xed, 0xab, 0xee, 0xdb] else { return nil }
    let rpm = try RpmSignature(package)
    guard !rpm.packets.isEmpty else { return nil }
    let signatures = try Self.detached(rpm.header, rpm.packets, .header, Self.headerName, judge)
    try rpm.requirePayload(of: package, isNeeded: isStrict)
    return Answer(signatures: signatures, evidence: [rpm.header, rpm.packets])
  }

  private static let headerName = "the package's header"

  private func beside(_ package: OpenedFile) throws(VendorFileError) -> Answer? {
    let name = FileNames.lastComponent(package.path)
    guard let bytes = detached.first(where: { FileNames.lastComponent($0.path) == name })?.bytes else { return nil }
    let signatures = try Self.openPGP { () throws(OpenPGP.Fault) in try OpenPGP.Signature.all(bytes) }
    var failure: VendorFileError?
    let answers = judge.answers(signatures) { signature, keyring in
      keyring.answer(signature, now: judge.now) { running in
        do throws(VendorFileError) {
          try running.update(package, 0..<package.byteCount)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    let judged = try judge.judge(signatures, .file, "the package's file", answers)
    return Answer(signatures: judged, evidence: [])
  }

  // MARK: Once more

  /// Whether what was kept of `signature` is signed by a key of the keyring, and still says what it said.
  ///
  /// - Parameter evidence: in the order of ``PackageSignature/evidence``.
  /// - Returns: the signatures, at least one of which is verified, and digests of the package's files, if they are signed.
  func again(
    _ signature: PackageSignature, _ evidence: [[UInt8]]
  ) throws(VendorFileError) -> (signatures: [PackageSignature], files: [String: String]) {
    switch (signature.way, evidence.count) {
    case (.repository, 1), (.repository, 2):
      let release =
        evidence.count == 1
        ? try Self.release(clearSigned: evidence[0], judge) : try Self.release(plain: evidence[0], evidence[1], judge)
      let signatures = try release.signatures.get()
      guard let index = signature.index, release.names[index.digest] == index.name else {
        throw .wrongSignature("the signed text does not name the list that named the package")
      }
      return (signatures, [:])
    case (.header, 2):
      let signatures = try Self.detached(evidence[0], evidence[1], .header, Self.headerName, judge)
      return (signatures, try RpmSignature.fileDigests(ofHeader: evidence[0]))
    default: throw .unsigned("nothing was kept of what is signed")
    }
  }
}
