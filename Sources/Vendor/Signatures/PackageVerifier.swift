package import Cryptography
import Files
import KernelModel

/// Tells who signed a package: from its own header, a signature beside it, or a repository's signed lists.
package final class PackageVerifier {
  private let judge: SignatureJudge
  /// Whether a package that nothing vouches for is refused.
  let isStrict: Bool
  private var releases: [SignedRelease] = []
  private var lists: [(list: PackageList, path: String)] = []
  /// Signatures beside what they are of, by the paths of that.
  private var detached: [(path: String, bytes: [UInt8])] = []
  /// What could not be read, and why.
  private var unread: [String] = []

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

  private func release(_ path: String) throws(VendorFileError) -> SignedRelease {
    let bytes = try Self.bytes(path, limit: Self.largestRelease)
    if OpenPGP.ClearSignedText.begins(bytes) { return try SignedRelease(bytes, judge) }
    guard let signature = detached.first(where: { $0.path == path })?.bytes else {
      throw .unsigned("it has no signature in it, and \(path).gpg is not given")
    }
    return SignedRelease(bytes, signature, judge)
  }

  /// The lists that name the package, with the releases that name them.
  private func listed(_ package: PackageIdentity) throws(VendorFileError) -> Answer? {
    var obstacle: VendorFileError?
    for (list, _) in lists where list.packages.contains(package.digest) {
      for release in releases {
        guard let (name, digest) = release.name(of: list) else { continue }
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
    let loose = lists.filter { list in !releases.contains { $0.name(of: list.list) != nil } }.map {
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
    let signatures = try judge.judge(rpm.packets, of: rpm.header, .header, Self.headerName)
    try rpm.requirePayload(of: package, isNeeded: isStrict)
    return Answer(signatures: signatures, evidence: [rpm.header, rpm.packets])
  }

  private static let headerName = "the package's header"

  private func beside(_ package: OpenedFile) throws(VendorFileError) -> Answer? {
    let name = FileNames.lastComponent(package.path)
    guard let bytes = detached.first(where: { FileNames.lastComponent($0.path) == name })?.bytes else { return nil }
    let signatures = try SignatureJudge.read { () throws(OpenPGP.Fault) in try OpenPGP.Signature.all(bytes) }
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
        evidence.count == 1 ? try SignedRelease(evidence[0], judge) : SignedRelease(evidence[0], evidence[1], judge)
      let signatures = try release.signatures.get()
      guard let index = signature.index, release.names[index.digest] == index.name else {
        throw .wrongSignature("the signed text does not name the list that named the package")
      }
      return (signatures, [:])
    case (.header, 2):
      let signatures = try judge.judge(evidence[1], of: evidence[0], .header, Self.headerName)
      return (signatures, try RpmSignature.fileDigests(ofHeader: evidence[0]))
    default: throw .unsigned("nothing was kept of what is signed")
    }
  }
}
