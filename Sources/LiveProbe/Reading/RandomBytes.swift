import Glibc

/// Bytes that nobody can foretell, and whoever sees some of them cannot tell the others.
enum RandomBytes {
  /// Each of them is the kernel's: getrandom(2), of which the C library's function keeps none back and works nothing out.
  ///
  /// Source: arc4random_buf(), stdlib/arc4random.c (glibc 2.36), which ends the process if the kernel gives none.
  static func make(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { bytes, made in
      if let start = bytes.baseAddress { arc4random_buf(start, count) }
      made = count
    }
  }
}

/// A word that means nothing.
enum RandomName {
  static func make() -> String {
    String((0..<Int.random(in: 5...9)).compactMap { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() })
  }
}
