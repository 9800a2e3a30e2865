import Foundation
import Glibc

/// Addresses of a kernel's own symbols, beside the guest that is saved: all that are restored from it have the same, and
/// asking a guest takes seconds.
///
/// A line `ADDRESS NAME .` for each one that was ever asked for.
final class SavedSymbols {
  private let descriptor: Int32
  let known: [String: UInt64]

  /// Opens the file, or makes it.
  ///
  /// Who has it open when the guest is saved anew goes on with the file of the guest that it was restored from.
  init(_ file: URL) throws(LabError) {
    descriptor = open(file.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw LabError("\(file.path): \(String(cString: strerror(errno)))") }
    let text = String(decoding: FileManager.default.contents(atPath: file.path) ?? Data(), as: UTF8.self)
    var known: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      // The last line may not be whole yet: another guest writes it.
      guard fields.count == 3, fields[2] == ".", let address = UInt64(fields[0], radix: 16) else { continue }
      known[String(fields[1])] = address
    }
    self.known = known
  }

  deinit { close(descriptor) }

  /// Adds symbols of the kernel itself: those of a module lie elsewhere in the next guest.
  func add(_ symbols: [String: UInt64]) {
    let lines = symbols.map { "\(String($0.value, radix: 16)) \($0.key) .\n" }.joined()
    // What cannot be kept is asked for again.
    _ = Array(lines.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }
}
