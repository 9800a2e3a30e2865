import Cryptography
import Files
import KernelModel

/// The digests that rpm recorded, from its SQLite database.
///
/// Its older databases, Berkeley DB and ndb, are not read.
final class RpmRecords {
  private static let places = ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"]
  private static let databases = ["rpmdb.sqlite"]
  private static let unread = ["Packages", "Packages.db"]

  private let root: String
  private var headers: [Int64: Package] = [:]

  /// A package's files with their digests.
  private struct Package {
    let name: String
    let algorithm: Digest?
    let digests: [String: String]
  }

  init(root: String) {
    self.root = root
  }

  /// What is recorded of the file that has these names.
  func answer(_ names: [String]) -> PackageRecords.Answer {
    for place in Self.places {
      let folder = "\(root)/\(place)"
      for name in Self.databases where FileStatus(at: "\(folder)/\(name)", followingLinks: true) != nil {
        return answer(names, database: "\(folder)/\(name)")
      }
      for name in Self.unread where FileStatus(at: "\(folder)/\(name)", followingLinks: true) != nil {
        return .unvouched("rpm's database \(folder)/\(name) is of an older kind that is not read here")
      }
    }
    return .notInUse
  }

  private func answer(_ names: [String], database path: String) -> PackageRecords.Answer {
    guard let database = RpmDatabase(path) else { return .unvouched("rpm's database \(path) could not be opened") }
    var problem: String?
    for name in names {
      for number in database.owners(ofBaseName: FileNames.lastComponent(name)) {
        do throws(VendorFileError) {
          guard let package = try package(number, database), let digest = package.digests[name] else { continue }
          guard let algorithm = package.algorithm else {
            problem = "\(package.name) records its digest in a way that is not known"
            continue
          }
          return .recorded(
            PackageRecord(
              manager: "rpm", package: package.name, algorithm: algorithm.rawValue, digest: digest.lowercased()))
        } catch {
          problem = "rpm's record of a package \(error)"
        }
      }
    }
    return .unvouched(problem ?? "no package of rpm brings \(names.first ?? "it") with a digest")
  }

  private func package(_ number: Int64, _ database: RpmDatabase) throws(VendorFileError) -> Package? {
    if let known = headers[number] { return known }
    guard let blob = database.header(number) else { return nil }
    let package = try blob.withUnsafeBytes { bytes in
      Result { () throws(VendorFileError) in Self.package(try RpmHeader(bytes)) }
    }.get()
    headers[number] = package
    return package
  }

  private static func package(_ header: RpmHeader) -> Package {
    Package(
      name: header.packageName, algorithm: header.digestAlgorithm,
      digests: header.fileDigests { path in
        // What is never asked for, and is most of many packages: documents, and the headers of kernels.
        !path.hasPrefix("/usr/share/") && !path.hasPrefix("/usr/src/kernels/")
      })
  }
}
