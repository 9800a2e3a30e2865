/// A file or a directory that stays open as long as somebody holds this.
final class OpenFile {
  private let file: ReadOnlyFile
  var descriptor: Int32 { file.descriptor }

  init(_ path: String, isDirectory: Bool = false) throws(FileFault) {
    file = try ReadOnlyFile(path, isDirectory: isDirectory)
  }
}
