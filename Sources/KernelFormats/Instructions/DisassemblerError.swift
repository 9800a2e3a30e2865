internal import Ccapstone

/// Why capstone could not be used.
package struct DisassemblerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// capstone's `cs_err`.
  package let code: UInt32

  package var description: String {
    "capstone cannot be used: " + (cs_strerror(cs_err(rawValue: code)).map { String(cString: $0) } ?? "error \(code)")
  }
}
