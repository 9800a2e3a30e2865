internal import KernelFormats
internal import KernelModel

/// Takes the fingerprint of an implant from the bytes of its runs.
struct FingerprintReading {
  private var texts: Set<String> = []
  private var hasStrangers = false

  /// The shortest text that counts, in characters: what is left of an address is shorter.
  private static let shortestText = 6

  /// Adds the strings of one stretch of memory that end as the kernel's do.
  ///
  /// - Parameter isShared: whether the run holds others' memory, too: then no text in it says whose it is.
  mutating func add(
    _ strings: [FoundString], in stretch: (start: KernelAddress, bytes: [UInt8]), isShared: Bool
  ) {
    hasStrangers = hasStrangers || isShared
    for string in strings where string.text.utf8.count >= Self.shortestText {
      // A longer one was cut, and code that happens to be printable goes on with more code.
      let width = string.encoding == .ascii ? 1 : 2
      guard let offset = string.address.offset(from: stretch.start) else { continue }
      let end = Int(clamping: offset) + string.text.utf8.count * width
      guard end + width <= stretch.bytes.count, stretch.bytes[end..<end + width].allSatisfy({ $0 == 0 }) else {
        continue
      }
      texts.insert(string.text)
    }
  }

  /// - Parameters:
  ///   - targets: where findings lead to.
  ///   - stretches: what could be read of the run that they lie in.
  ///   - permissions: those of the run.
  func fingerprint(
    of targets: [KernelAddress], in stretches: [(start: KernelAddress, bytes: [UInt8])],
    _ permissions: [Implant.PermissionRun]
  ) -> Fingerprint {
    var fingerprint = Fingerprint()
    fingerprint.offsets = Set(targets.map { Machine.offsetInPage($0.rawValue) }).sorted()
    fingerprint.functions = Set(
      targets.filter { target in
        permissions.contains { $0.region.contains(target) && RunBytes.mayBeExecuted($0) }
      }.compactMap { Self.function(at: $0, in: stretches) }
    ).sorted { ($0.offset, $0.digest) < ($1.offset, $1.digest) }
    if !hasStrangers, !texts.isEmpty {
      var digest = RunningDigest()
      for text in texts.sorted() { digest.add(Array(text.utf8) + [0]) }
      fingerprint.strings = Fingerprint.Strings(count: texts.count, digest: Self.digits(digest))
    }
    return fingerprint
  }

  private static func function(
    at address: KernelAddress, in stretches: [(start: KernelAddress, bytes: [UInt8])]
  ) -> Fingerprint.Function? {
    for stretch in stretches {
      guard let offset = address.offset(from: stretch.start), offset < UInt64(stretch.bytes.count) else { continue }
      let code = stretch.bytes.withUnsafeBytes { bytes in
        Machine.maskedFunction(UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...]))
      }
      guard !code.isEmpty else { return nil }
      var digest = RunningDigest()
      digest.add(code)
      return Fingerprint.Function(
        offset: Machine.offsetInPage(address.rawValue), byteCount: code.count, digest: digits(digest))
    }
    return nil
  }

  private static func digits(_ digest: RunningDigest) -> String {
    digest.value.hexadecimalDigits(atLeast: 16)
  }
}
