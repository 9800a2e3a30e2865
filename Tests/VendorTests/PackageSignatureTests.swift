import Cryptography
import Foundation
import KernelModel
import TestFolder
import Testing

@testable import Vendor

/// Who signed packages, of a small repository that gpg and rpm made: Tests/Fixtures/OpenPGP/make.
@Suite struct PackageSignatureTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/OpenPGP").path
  private static let deb = "linux-image-6.1.0-test_6.1.7-1_amd64.deb"
  private static let rpm = "kernel-core-6.1.7-1.x86_64.rpm"
  private static let pacman = "linux-6.1.7-1-x86_64.pkg.tar.zst"
  /// 2024-03-15.
  private static let now = 1_710_504_000

  private let folder: TemporaryFolder
  private var path: String { folder.path(of: "store") }

  init() throws {
    folder = try TemporaryFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.fixtures + "/repository") {
      try folder.write(Self.bytes("repository/\(name)"), to: name)
    }
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(fixtures)/\(name)")))
  }

  private func verifier(_ metadata: [String] = [], _ keyring: String? = "keyring.gpg") throws -> PackageVerifier {
    try PackageVerifier(
      metadata: metadata.map { folder.path(of: $0) },
      keyring: keyring.map { try OpenPGP.Keyring(files: ["\(Self.fixtures)/\($0)"]) }, now: Self.now)
  }

  private func add(
    _ name: String, _ metadata: [String] = [], _ keyring: String? = "keyring.gpg"
  ) throws -> (kernels: [StoredKernel], problems: [String]) {
    let intake = try KernelIntake(KernelStore(path, makes: true), verifier: verifier(metadata, keyring))
    try intake.add(folder.path(of: name))
    return (try intake.finish(), intake.problems)
  }

  /// Adds what must be refused, and returns why; nothing may be stored of it.
  private func refusal(_ name: String, _ metadata: [String] = [], _ keyring: String? = "keyring.gpg") throws -> String {
    let (kernels, problems) = try add(name, metadata, keyring)
    #expect(kernels.isEmpty && problems.count == 1)
    #expect(try KernelStore(path).builds().isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/objects").isEmpty)
    return problems.first ?? ""
  }

  private func change(_ name: String, _ edit: (inout [UInt8]) -> Void) throws {
    var bytes = try folder.bytes(of: name)
    edit(&bytes)
    try folder.write(bytes, to: name)
  }

  // MARK: Debian's chain

  @Test(arguments: [
    ["InRelease", "Packages"], ["InRelease", "Packages.xz"], ["Packages.xz", "Release.gpg", "Release"],
  ])
  func `a package is vouched for by the release that names the list that names it`(_ metadata: [String]) throws {
    let (kernels, problems) = try add(Self.deb, metadata)
    #expect(problems.isEmpty)
    let kernel = try #require(kernels.first)
    let signature = try #require(kernel.signatures[0]?.first)
    #expect(signature.isVerified && signature.way == .repository && kernel.isSigned)
    #expect(signature.signer.contains(metadata[0] == "InRelease" ? "Example ed25519" : "Example rsa"))
    #expect(signature.document.hasSuffix("elease of 2024-03-01, Example, suite stable, codename test"))
    #expect(signature.index?.name == "main/binary-amd64/" + (try #require(metadata.first { $0.hasPrefix("Packages") })))
    // As it was written.
    let store = try KernelStore(path)
    #expect(try store.kernel(kernel.buildID) == kernel)
    #expect(try store.problems() == [])
    #expect(store.review(kernel, nil).map(\.outcome) == [.recorded(signature, why: "no keyring was given")])
    guard case .verified(let again, let word)? = store.review(kernel, try verifier()).first?.outcome else {
      Issue.record("\(store.review(kernel, try verifier()))")
      return
    }
    #expect(again.key == signature.key && word.contains("names the package"))
    guard case .recorded(_, let why)? = store.review(kernel, try verifier([], "other.gpg")).first?.outcome else {
      Issue.record("verified by another's key")
      return
    }
    #expect(why.contains("the keyring does not have key"))
    // It all goes with the kernel.
    _ = try store.remove(kernel.buildID)
    let left = try #require(try? FileManager.default.subpathsOfDirectory(atPath: path + "/objects"))
    #expect(left.allSatisfy { !$0.contains("/") })
  }

  @Test func `a folder of metadata is searched for what is of use`() throws {
    try folder.write(try Self.bytes("repository/InRelease"), to: "lists/example_dists_test_InRelease")
    try folder.write(try Self.bytes("repository/Packages"), to: "lists/example_dists_test_main_binary-amd64_Packages")
    try folder.write([0x04, 0x22, 0x4d, 0x18, 0], to: "lists/other_Packages.lz4")
    #expect(try add(Self.deb, ["lists"]).kernels.first?.isSigned == true)
  }

  @Test func `a chain that breaks anywhere refuses the package, and nothing is stored`() throws {
    let names = ["InRelease", "Packages"]
    #expect(try refusal(Self.deb, names, "other.gpg").contains("the keyring does not have key"))
    #expect(try refusal(Self.deb).contains("give its repository's InRelease"))
    #expect(try refusal(Self.deb, ["InRelease"]).contains("none of the lists"))
    #expect(try refusal(Self.deb, ["Packages"]).contains("named by no release"))
    // A list that is not the one that is named.
    try change("Packages") { $0.append(0x0a) }
    #expect(try refusal(Self.deb, names).contains("Packages is named by no release"))
    // A release whose text, or signature, is another.
    try folder.write(try Self.bytes("repository/Packages"), to: "Packages")
    try change("InRelease") { bytes in
      if let place = bytes.firstIndex(of: UInt8(ascii: "x")) { bytes[place] = UInt8(ascii: "y") }
    }
    #expect(try refusal(Self.deb, names).contains("is wrong: key"))
    try folder.write(try Self.bytes("repository/InRelease") + Array("SHA256:\n".utf8), to: "InRelease")
    #expect(throws: StoreFault.self) { try verifier(["InRelease"]) }
    // A package that is not the one that is named.
    try folder.write(try Self.bytes("repository/InRelease"), to: "InRelease")
    try change(Self.deb) { $0[$0.count - 40] ^= 1 }
    #expect(try refusal(Self.deb, names).contains("none of the lists that were given has its SHA-256"))
  }

  @Test func `without a keyring it is noted who signed, and nothing is called verified`() throws {
    let kernel = try #require(try add(Self.deb, ["InRelease", "Packages"], nil).kernels.first)
    let signature = try #require(kernel.signatures[0]?.first)
    #expect(!signature.isVerified && signature.key.count == 40 && signature.signer.isEmpty && !kernel.isSigned)
    #expect(signature.obstacle == "no keyring was given")
    let store = try KernelStore(path)
    #expect(store.review(kernel, nil).map(\.outcome) == [.noted(signature)])
    // What is verified is noted in its place, and stays.
    #expect(try add(Self.deb, ["InRelease", "Packages"]).kernels.first?.isSigned == true)
    #expect(try add(Self.deb, ["InRelease", "Packages"], nil).kernels.isEmpty)
    #expect(try store.kernel(kernel.buildID).isSigned)
  }

  @Test func `what is in no package is refused where signatures are asked for`() throws {
    try folder.write([1, 2], to: "vmlinuz-6.1.0-test")
    #expect(try refusal("vmlinuz-6.1.0-test").contains("no signature vouches for it"))
  }

  @Test func `lists that apt keeps in LZ4's frames are refused with the remedy`() throws {
    try folder.write([0x04, 0x22, 0x4d, 0x18, 0], to: "Packages.lz4")
    #expect {
      try verifier(["Packages.lz4"])
    } throws: {
      "\($0)".contains("apt-helper cat-file")
    }
  }

  // MARK: rpm

  @Test func `an rpm is vouched for by its own header, down to each file`() throws {
    let kernel = try #require(try add(Self.rpm).kernels.first)
    let signature = try #require(kernel.signatures[0]?.first)
    #expect(signature.isVerified && signature.way == .header && signature.signer.contains("Example rsa"))
    let store = try KernelStore(path)
    guard case .verified(_, let word)? = store.review(kernel, try verifier()).first?.outcome else {
      Issue.record("\(store.review(kernel, try verifier()))")
      return
    }
    #expect(word.isEmpty)
    // An entry that has another file in the package's name, by the store's own digest.
    var other = kernel
    let bytes = try Self.bytes("document.txt")
    let digest = try store.keep(VendorObject.Contents(copying: bytes))
    let module = try #require(kernel.files.first { $0.kind != .image })
    other.add(
      StoredKernel.File(kind: module.kind, path: module.path, digest: digest, byteCount: bytes.count, package: nil),
      from: kernel.packages[0])
    #expect(try StoredKernel(text: other.text) == other)
    guard case .wrong(let why)? = store.review(other, try verifier()).first?.outcome else {
      Issue.record("another file was taken for the package's")
      return
    }
    #expect(why.contains("is not the file of the signed header"))
  }

  @Test func `a signature in base 64, as rpm 6 has it, is read`() throws {
    let bytes = try folder.bytes(of: Self.rpm)
    let source = BytesAsFile(bytes)
    let packets = try RpmSignature(source).packets
    let own = try PackageLayout.rpmHeaders(source).own.lowerBound - 8
    let text = Array(Base64.encode(packets).utf8) + [0]
    func big(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
    // The only entry: tag 278, a list of texts, at byte 0, of one.
    let header = PackageLayout.rpmHeaderMagic + [0, 0, 0, 0] + [1, text.count, 278, 8, 0, 1].flatMap(big) + text
    let padding = [UInt8](repeating: 0, count: (8 - header.count % 8) % 8)
    try folder.write(Array(bytes.prefix(96)) + header + padding + Array(bytes[own...]), to: Self.rpm)
    let signature = try #require(try add(Self.rpm).kernels.first?.signatures[0]?.first)
    #expect(signature.isVerified && signature.signer.contains("Example rsa"))
  }

  @Test func `an rpm of which a byte is another is refused, wherever it is`() throws {
    let bytes = try folder.bytes(of: Self.rpm)
    let headers = try PackageLayout.rpmHeaders(BytesAsFile(bytes))
    // In the files, in the package's header.
    for place in [bytes.count - 20, headers.own.upperBound - 3] {
      try folder.write(bytes, to: Self.rpm)
      try change(Self.rpm) { $0[place] ^= 1 }
      let why = try refusal(Self.rpm)
      #expect(why.contains("and its header says") || why.contains("is wrong: key"), "\(why)")
    }
    try folder.write(bytes, to: Self.rpm)
    #expect(try refusal(Self.rpm, [], "other.gpg").contains("the keyring does not have key"))
    let noted = try #require(try add(Self.rpm, [], nil).kernels.first?.signatures[0]?.first)
    #expect(!noted.isVerified && noted.key.count == 40)
  }

  // MARK: pacman

  @Test func `a package of pacman's is vouched for by the signature beside it`() throws {
    #expect(try refusal(Self.pacman).contains("nothing signed vouches"))
    let kernel = try #require(try add(Self.pacman, [Self.pacman + ".sig"]).kernels.first)
    let signature = try #require(kernel.signatures[0]?.first)
    #expect(signature.isVerified && signature.way == .file && signature.signer.contains("Example p384"))
    let store = try KernelStore(path)
    guard case .recorded(_, let why)? = store.review(kernel, try verifier()).first?.outcome else {
      Issue.record("verified what is not there")
      return
    }
    #expect(why.contains("not kept"))
    _ = try store.remove(kernel.buildID)
    try change(Self.pacman) { $0[$0.count / 2] ^= 1 }
    // A broken archive is refused before, or its signature is wrong.
    #expect(try add(Self.pacman, [Self.pacman + ".sig"]).kernels.isEmpty)
  }

  // MARK: Entries

  @Test func `a signature's line that makes no sense refuses the entry`() throws {
    let kernel = try #require(try add(Self.rpm).kernels.first)
    let line = try #require(kernel.text.split(separator: "\n").first { $0.hasPrefix("signature ") })
    for wrong in [
      line.replacing("signature 0", with: "signature 7"), line.replacing(" header ", with: " hearsay "),
      line.replacing("verified", with: "true"), line + " x", line.prefix(40),
    ] {
      let text = kernel.text.replacing(line, with: String(wrong))
      #expect(throws: StoreFault.self, "\(wrong)") { try StoredKernel(text: text) }
    }
  }
}

extension StoredKernel {
  /// Whether all its files are of packages that a verified signature vouches for.
  fileprivate var isSigned: Bool {
    files.allSatisfy { file in file.package.flatMap { signatures[$0] }?.contains(where: \.isVerified) == true }
  }
}
