internal import ArgumentParser
internal import Checks
internal import KernelModel

/// Whether the objects that the kernel allocated are looked at, too, and how many of them.
struct DeepOptions: ParsableArguments {
  @Flag(
    help:
      "Also look at the objects that the kernel allocated, cache by cache: open files, inodes, sockets and the like.")
  var deep = false

  @Option(
    help: ArgumentHelp(
      "Bytes of such objects to look at (suffix K, M or G). With --deep. (default: 1G)", valueName: "bytes"))
  var deepLimit: Limit?

  /// A number of bytes that may be most of a host's memory.
  struct Limit: ExpressibleByArgument {
    let bytes: UInt64

    init?(argument: String) {
      guard let bytes = ByteCount.bytes(argument, atMost: 1 << 50) else { return nil }
      self.bytes = bytes
    }
  }

  /// More than most hosts have of objects whose type is known: a guest of 1 GiB has 4 to 11 MiB.
  private static let usualLimit: UInt64 = 1 << 30

  /// Bytes of objects that are looked at; nil if these are not asked about.
  var bytes: UInt64? { deep ? deepLimit?.bytes ?? Self.usualLimit : nil }

  func validate() throws {
    if deepLimit != nil, !deep { throw ValidationError("--deep-limit needs --deep") }
  }

  /// Takes from `configuration` what the command line does not say.
  mutating func fill(from configuration: Configuration) {
    if configuration.deep == true { deep = true }
    deepLimit = deepLimit ?? configuration.deepLimit
  }

  /// A check, which looks deeper if it can.
  func deepened(_ check: any Check) -> any Check {
    guard let bytes, check is RegisteredCode else { return check }
    return RegisteredCode(slabLimit: bytes)
  }
}
