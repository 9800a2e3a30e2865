import Files
import KernelFormats
import KernelModel

/// What the renamed copy of the program is asked, a line each; it answers with a line each.
enum CopyQuestion: Hashable {
  /// What it may do: an answer counts only if it may do what we may.
  case capabilities
  /// The kernel's own symbols.
  case kernelSymbols
  /// The names of the loaded modules.
  case modules
  /// Bytes of `/proc/kcore`.
  case kcore(offset: UInt64, count: Int)

  /// The answer to what it could not read; the reason follows.
  static let refusal = "refused "
  /// The answer to symbols without addresses.
  static let withheld = "withheld"

  /// Whether something was read at all.
  static func isAnswered(_ answer: String) -> Bool {
    !answer.hasPrefix(refusal) && answer != withheld
  }

  var line: String {
    switch self {
    case .capabilities: "capabilities"
    case .kernelSymbols: "kallsyms"
    case .modules: "modules"
    case .kcore(let offset, let count): "kcore \(offset) \(count)"
    }
  }

  init?(line: some StringProtocol) {
    let words = line.split(separator: " ")
    switch (words.first, words.count) {
    case ("capabilities", 1): self = .capabilities
    case ("kallsyms", 1): self = .kernelSymbols
    case ("modules", 1): self = .modules
    case ("kcore", 3):
      guard let offset = UInt64(words[1]), let count = Int(words[2]), count > 0, count <= GuardedRead.mostBytes else {
        return nil
      }
      self = .kcore(offset: offset, count: count)
    default: return nil
    }
  }

  /// The answer of whoever asks itself.
  func answer(_ root: SystemRoot) -> String {
    do throws(FileFault) {
      switch self {
      case .capabilities:
        return Confinement.read(root).effectiveCapabilities.map { String($0, radix: 16) } ?? "none told"
      case .kernelSymbols:
        var digest = KernelSymbolsDigest()
        let file = try OpenedFile(root.path("proc/kallsyms"))
        try file.stream(chunkByteCount: ProcKallsyms.chunkByteCount) { chunk in
          digest.consume(chunk)
          return !digest.isDone
        }
        return digest.isWithheld ? Self.withheld : digest.text
      case .modules:
        return Self.digest(ofModules: try root.bytes(of: "proc/modules", limit: 16 << 20))
      case .kcore(let offset, let count):
        let file = try OpenedFile(root.path("proc/kcore"))
        return RunningDigest.of(try file.bytes(at: offset, count: count))
      }
    } catch {
      return Self.refusal + error.description
    }
  }

  /// Names and sizes: the other fields of a line change while a module is used.
  private static func digest(ofModules text: [UInt8]) -> String {
    var digest = RunningDigest()
    var count = 0
    for line in text.split(separator: 0x0a) {
      digest.add(Array(line.split(separator: 0x20).prefix(2).joined(separator: [0x20])) + [0x0a])
      count += 1
    }
    return "\(digest.text) \(count) modules"
  }
}
