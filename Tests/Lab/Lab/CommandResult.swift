/// What a command in the guest ended with.
package struct CommandResult: Sendable {
  package let status: Int
  package let stdout: [UInt8]
  package let stderr: [UInt8]
  /// By the guest's clock, to a hundredth.
  package let seconds: Double

  package var text: String { String(decoding: stdout, as: UTF8.self) }
  package var errorText: String { String(decoding: stderr, as: UTF8.self) }
}
