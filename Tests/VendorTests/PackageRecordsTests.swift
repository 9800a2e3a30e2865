import Cryptography
import DecoderTrials
import Files
import Foundation
import KernelModel
import TestFolder
import Testing

@testable import Vendor

/// What dpkg and rpm recorded, held against files.
@Suite struct PackageRecordsTests {
  private static let image = "boot/vmlinuz-6.1.0-test"
  private static let contents = Array("a kernel\n".utf8)

  private func digest(_ bytes: [UInt8], _ digest: Digest = .md5) -> String {
    bytes.withUnsafeBytes { digest.of($0) }
  }

  private func dpkg(_ root: TemporaryFolder, _ package: String, _ lines: [(digest: String, path: String)]) throws {
    let text = lines.map { "\($0.digest)  \($0.path)\n" }.joined()
    try root.write(Array(text.utf8), to: "var/lib/dpkg/info/\(package).md5sums")
  }

  private func provenance(_ root: TemporaryFolder, _ path: String = image) -> Provenance {
    PackageRecords(root: root.path).provenance(of: "\(root.path)/\(path)")
  }

  @Test func `digests are those that everybody computes`() {
    let expected: [Digest: String] = [
      .md5: "900150983cd24fb0d6963f7d28e17f72",
      .sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
      .sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ]
    for (algorithm, hexadecimal) in expected {
      #expect(digest(Array("abc".utf8), algorithm) == hexadecimal)
    }
    #expect(digest([], .sha384).count == 96 && digest([], .sha512).count == 128)
  }

  @Test func `a file as dpkg recorded it, with the package's version`() throws {
    let root = try TemporaryFolder()
    try root.write(Self.contents, to: Self.image)
    try dpkg(root, "linux-image-test", [(digest(Self.contents), Self.image)])
    try root.write(
      Array(
        """
        Package: other
        Version: 9

        Package: linux-image-test
        Status: install ok installed
        Version: 6.1.192-2
        """.utf8), to: "var/lib/dpkg/status")
    let record = PackageRecord(
      manager: "dpkg", package: "linux-image-test 6.1.192-2", algorithm: "md5", digest: digest(Self.contents))
    #expect(provenance(root) == .recorded(record))
    try root.write([1], to: Self.image)
    #expect(provenance(root) == .altered(record, actual: digest([1])))
  }

  @Test func `lib and usr lib are one`() throws {
    for (there, recorded) in [("usr/lib", "lib"), ("lib", "usr/lib")] {
      let root = try TemporaryFolder()
      try root.write(Self.contents, to: "\(there)/modules/6.1/x.ko")
      try dpkg(root, "linux-modules", [(digest(Self.contents), "\(recorded)/modules/6.1/x.ko")])
      guard case .recorded = provenance(root, "\(there)/modules/6.1/x.ko") else {
        Issue.record("\(there)")
        continue
      }
    }
  }

  @Test func `a program is looked for in all lists, under either name of its folder`() throws {
    let root = try TemporaryFolder()
    try root.write(Self.contents, to: "usr/bin/agent")
    try root.write([1], to: "opt/agent")
    try dpkg(root, "aa-other", [(digest([1]), "usr/bin/agents"), (digest([1]), "usr/bin/agen")])
    try dpkg(root, "agent", [(digest(Self.contents), "bin/agent")])
    let records = PackageRecords(root: root.path)
    for _ in 0..<2 {
      guard case .recorded(let record) = records.provenance(of: "\(root.path)/usr/bin/agent") else {
        Issue.record("not on record")
        return
      }
      #expect(record.package == "agent")
      #expect(
        records.provenance(of: "\(root.path)/opt/agent")
          == .unvouched("no package of dpkg brings /opt/agent with a digest"))
    }
  }

  @Test func `a file that was moved aside for another package's is the one recorded`() throws {
    let root = try TemporaryFolder()
    try root.write([1], to: "lib/modules/6.1/x.ko")
    try root.write([2], to: "lib/modules/6.1/x.ko.distrib")
    try dpkg(root, "aa-override", [(digest([1]), "lib/modules/6.1/x.ko")])
    try dpkg(root, "linux-image", [(digest([2]), "lib/modules/6.1/x.ko")])
    try root.write(
      Array("/lib/modules/6.1/x.ko\n/lib/modules/6.1/x.ko.distrib\naa-override\n".utf8),
      to: "var/lib/dpkg/diversions")
    for (path, package) in [("x.ko", "aa-override"), ("x.ko.distrib", "linux-image")] {
      guard case .recorded(let record) = provenance(root, "lib/modules/6.1/\(path)") else {
        Issue.record("\(path)")
        continue
      }
      #expect(record.package == package)
    }
  }

  @Test func `a file that no package brings, and a host without package manager`() throws {
    let root = try TemporaryFolder()
    try root.write(Self.contents, to: Self.image)
    #expect(
      provenance(root) == .unvouched("no package manager that is known here keeps records: dpkg, rpm"))
    try dpkg(root, "coreutils", [(digest([1]), "bin/ls")])
    #expect(provenance(root) == .unvouched("no package of dpkg brings /\(Self.image) with a digest"))
  }

  // MARK: - DKMS

  private static let installed = "lib/modules/6.1/updates/dkms/x.ko.xz"
  private static let sources: [(name: String, text: String)] = [
    ("dkms.conf", "PACKAGE_NAME=x\nBUILT_MODULE_NAME[0]=\"x\"\n"), ("x.c", "int x;"),
  ]

  /// A tree as DKMS lays it out, with a source whose files dpkg recorded.
  private func dkms(_ root: TemporaryFolder, recording recorded: Set<String> = ["dkms.conf", "x.c"]) throws {
    try root.write(Self.contents, to: Self.installed)
    try root.write(Self.contents, to: "var/lib/dkms/x/1.0/6.1/x86_64/module/x.ko.xz")
    for (name, text) in Self.sources { try root.write(Array(text.utf8), to: "usr/src/x-1.0/\(name)") }
    try root.link("var/lib/dkms/x/1.0/source", to: root.path + "/usr/src/x-1.0")
    let files = Self.sources.filter { recorded.contains($0.name) }
    try dpkg(root, "x-dkms", files.map { (digest(Array($0.text.utf8)), "usr/src/x-1.0/\($0.name)") })
  }

  @Test func `what DKMS built from a source tree that a package brought`() throws {
    let root = try TemporaryFolder()
    try dkms(root)
    guard case .built(let tree) = provenance(root, Self.installed) else {
      Issue.record("\(provenance(root, Self.installed))")
      return
    }
    #expect(tree.package == "x-dkms" && tree.manager == "dpkg" && tree.path.hasSuffix("/usr/src/x-1.0"))
  }

  @Test func `DKMS's source changed, or with a file of nobody's, or another file installed`() throws {
    let changed = try TemporaryFolder()
    try dkms(changed)
    try changed.write([1], to: "usr/src/x-1.0/x.c")
    guard case .unvouched(let why) = provenance(changed, Self.installed) else {
      Issue.record("a changed source vouches")
      return
    }
    #expect(why.contains("x.c was changed after x-dkms brought it"))
    let added = try TemporaryFolder()
    try dkms(added)
    try added.write([1], to: "usr/src/x-1.0/Kbuild")
    guard case .unvouched(let reason) = provenance(added, Self.installed) else {
      Issue.record("an added file vouches")
      return
    }
    #expect(reason.contains("no package brings") && reason.contains("Kbuild"))
    let other = try TemporaryFolder()
    try dkms(other)
    try other.write([1], to: Self.installed)
    #expect(
      provenance(other, Self.installed) == .unvouched("no package of dpkg brings /\(Self.installed) with a digest"))
  }

  @Test func `DKMS's source that no package brought`() throws {
    let root = try TemporaryFolder()
    try dkms(root, recording: ["dkms.conf"])
    guard case .unvouched(let why) = provenance(root, Self.installed) else {
      Issue.record("a source of nobody's vouches")
      return
    }
    #expect(why.contains("DKMS built it from"))
  }

  @Test func `a tree of DKMS's that borrows another's source vouches for nothing`() throws {
    let root = try TemporaryFolder()
    try dkms(root)
    // Of another name, and a file in the right tree that its dkms.conf does not name.
    for (installed, tree) in [("y.ko", "y/1.0"), ("z.ko", "x/1.0")] {
      try root.write([7], to: "lib/modules/6.1/extra/\(installed)")
      try root.write([7], to: "var/lib/dkms/\(tree)/6.1/x86_64/module/\(installed)")
      if tree != "x/1.0" { try root.link("var/lib/dkms/\(tree)/source", to: root.path + "/usr/src/x-1.0") }
      guard case .unvouched = provenance(root, "lib/modules/6.1/extra/\(installed)") else {
        Issue.record("\(installed) is vouched for")
        continue
      }
    }
  }

  // MARK: - rpm

  private func rpm(_ root: TemporaryFolder, _ files: [(path: String, digest: String)]) throws {
    let database = root.path + "/var/lib/rpm/rpmdb.sqlite"
    try root.write([], to: "var/lib/rpm/rpmdb.sqlite")
    try SampleRpmDatabase.write([SamplePackage.sampleHeader(files)], names: files.map(\.path), to: database)
  }

  @Test func `a file as rpm recorded it`() throws {
    let root = try TemporaryFolder()
    let path = "lib/modules/6.1/x.ko"
    try root.write(Self.contents, to: path)
    try rpm(root, [("/lib/modules/6.1/y.ko", "00"), ("/lib/modules/6.1/x.ko", digest(Self.contents, .sha256))])
    let record = PackageRecord(
      manager: "rpm", package: "kernel-core-6.1-3.el9", algorithm: "sha256", digest: digest(Self.contents, .sha256))
    #expect(provenance(root, path) == .recorded(record))
    try root.write([1], to: path)
    #expect(provenance(root, path) == .altered(record, actual: digest([1], .sha256)))
  }

  @Test func `an image that kernel-install copied is vouched for by the original's record`() throws {
    let root = try TemporaryFolder()
    try root.write(Self.contents, to: Self.image)
    // A ghost has no digest.
    try rpm(
      root, [("/\(Self.image)", ""), ("/lib/modules/6.1.0-test/vmlinuz", digest(Self.contents, .sha256))])
    guard case .recorded = provenance(root) else {
      Issue.record("\(provenance(root))")
      return
    }
    try root.write([1], to: Self.image)
    guard case .unvouched(let reason) = provenance(root) else {
      Issue.record("\(provenance(root))")
      return
    }
    #expect(reason.contains("should be a copy of /lib/modules/6.1.0-test/vmlinuz"))
  }

  @Test func `a database that is none, or of an older kind, vouches for nothing`() throws {
    for (name, bytes) in [("rpmdb.sqlite", Array("no database".utf8)), ("Packages", [0])] {
      let root = try TemporaryFolder()
      try root.write(Self.contents, to: Self.image)
      try root.write(bytes, to: "var/lib/rpm/\(name)")
      guard case .unvouched = provenance(root) else {
        Issue.record("\(name)")
        continue
      }
    }
  }

  @Test func `a database made to keep us busy is given up`() throws {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS hnum, 'x' AS key FROM n"
    for hostile in [
      ["CREATE VIEW Basenames AS \(endless)"],
      // No index: every question reads all of it.
      [
        "CREATE TABLE Basenames (key TEXT, hnum INTEGER)",
        "INSERT INTO Basenames SELECT 'x', i FROM "
          + "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n)",
        "CREATE TABLE Packages (hnum INTEGER, blob BLOB)", "INSERT INTO Packages VALUES (1, zeroblob(100))",
      ],
    ] {
      let root = try TemporaryFolder()
      try root.write(Self.contents, to: Self.image)
      try root.write([], to: "var/lib/rpm/rpmdb.sqlite")
      try SampleRpmDatabase.run(hostile, on: root.path + "/var/lib/rpm/rpmdb.sqlite")
      guard case .unvouched = provenance(root) else {
        Issue.record("\(provenance(root))")
        continue
      }
    }
  }

  @Test func `rpm's own database is read`() throws {
    let tools = ["/usr/bin/rpmbuild", "/usr/bin/rpm"]
    try #require(tools.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }, "run scripts/setup")
    let root = try TemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: root.path) }
    let path = "/lib/modules/6.1/x.ko"
    try root.write(Self.contents, to: "lib/modules/6.1/x.ko")
    try root.write(
      Array(
        """
        Name: kernel-sample
        Version: 6.1
        Release: 1
        Summary: x
        License: GPL
        %description
        x
        %install
        mkdir -p %{buildroot}/lib/modules/6.1
        cp \(root.path)\(path) %{buildroot}\(path)
        %files
        \(path)
        """.utf8), to: "sample.spec")
    try run(
      "/usr/bin/rpmbuild", ["--quiet", "--define", "_topdir \(root.path)/top", "-bb", "\(root.path)/sample.spec"])
    let built = try FileManager.default.subpathsOfDirectory(atPath: root.path + "/top/RPMS").filter {
      $0.hasSuffix(".rpm")
    }
    let package = "\(root.path)/top/RPMS/" + (try #require(built.first))
    try run(
      "/usr/bin/rpm",
      [
        "--dbpath", "\(root.path)/var/lib/rpm", "--define", "_db_backend sqlite", "-i", "--justdb", "--nodeps",
        "--ignorearch", package,
      ])
    guard case .recorded(let record) = provenance(root, "lib/modules/6.1/x.ko") else {
      Issue.record("\(provenance(root, "lib/modules/6.1/x.ko"))")
      return
    }
    #expect(record.package == "kernel-sample-6.1-1" && record.algorithm == "sha256")
    // The package itself can be read, too.
    var paths: [String] = []
    try PackageReader(try OpenedFile.vendor(package)).read { (_) throws(VendorFileError) in
      true
    } _: { entry, _ in
      paths.append(entry.path)
      return true
    }
    #expect(paths == ["lib/modules/6.1/x.ko"])
  }

  private func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program): \(text)")
  }
}
