internal import Files
internal import KernelFormats
internal import Vendor

/// A text for `crash --log` as it comes piece by piece, compressed or not, of any size.
struct LogText {
  private let path: String
  private var text = OopsStream()
  private var packed: CompressedStream?
  private var isFirst = true
  /// Why it cannot be read.
  private var problem: String?
  /// What was told of it.
  private(set) var reports: [OopsText] = []

  init(path: String) {
    self.path = path
  }

  /// Takes the next piece; false if no more is wanted.
  mutating func take(_ piece: Span<UInt8>) -> Bool {
    if isFirst { begin(piece) }
    isFirst = false
    guard problem == nil else { return false }
    guard let packed else {
      text.read(piece.withUnsafeBufferPointer(Array.init)[...])
      return true
    }
    do throws(VendorFileError) {
      try packed.take(piece) { text.read($0.withUnsafeBufferPointer(Array.init)[...]) }
    } catch {
      problem = error.description
    }
    return problem == nil
  }

  /// Ends it, and reads what there is.
  ///
  /// - Throws: if it cannot be read. What breaks off is read as far as it goes.
  mutating func finish() throws(NamedFile.Unreadable) {
    if let problem { throw NamedFile.Unreadable(path: path, reason: problem) }
    do throws(VendorFileError) {
      try packed?.finish()
    } catch {
      Terminal.write("\(path): \(error.description)\n", to: .standardError)
    }
    reports = text.finish()
  }

  /// Looks at what the first bytes are, if they are no text.
  private mutating func begin(_ start: Span<UInt8>) {
    let dumps = ["\u{7f}ELF", "KDUMP   ", "EMiL", "makedumpfile\0"]
    start.withUnsafeBytes { bytes in
      if dumps.contains(where: { bytes.starts(with: $0.utf8) }) {
        problem = "a dump and no text: leave out --log"
        return
      }
      guard let compression = Compression(of: bytes) else { return }
      do throws(VendorFileError) {
        packed = try CompressedStream(compression)
      } catch {
        problem = error.description
        return
      }
      if packed == nil {
        problem =
          "compressed by \(compression.rawValue): unpack it, and send it through a pipe, as in '… | liveprobe crash --log -'"
      }
    }
  }
}
