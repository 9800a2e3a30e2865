import Glibc

/// A directory of one test's own, gone with the value.
final class TemporaryDirectory {
  struct Failed: Error {
    let call: String
  }

  let path: String
  private var made: [String] = []

  init() throws {
    var template = Array("/tmp/baseline-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failed(call: "mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in made.reversed() { remove(path + "/" + name) }
    rmdir(path)
  }

  /// Writes a file, and the directories above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    try makeDirectories(above: name)
    guard let file = fopen(path + "/" + name, "w") else { throw Failed(call: "fopen") }
    made.append(name)
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count else { throw Failed(call: "fwrite") }
  }

  func link(_ name: String, to target: String) throws {
    try makeDirectories(above: name)
    guard symlink(target, path + "/" + name) == 0 else { throw Failed(call: "symlink") }
    made.append(name)
  }

  func makePipe(_ name: String) throws {
    try makeDirectories(above: name)
    guard mkfifo(path + "/" + name, 0o600) == 0 else { throw Failed(call: "mkfifo") }
    made.append(name)
  }

  private func makeDirectories(above name: String) throws {
    var directory = ""
    for part in name.split(separator: "/").dropLast() {
      directory += (directory.isEmpty ? "" : "/") + part
      guard !made.contains(directory) else { continue }
      guard mkdir(path + "/" + directory, 0o700) == 0 else { throw Failed(call: "mkdir") }
      made.append(directory)
    }
  }
}
