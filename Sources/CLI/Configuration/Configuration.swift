internal import Checks
internal import Cryptography
internal import KernelModel

/// What a configuration file says about scans; the command line outranks it.
struct Configuration {
  /// Checks not to ask.
  private(set) var skip: [String] = []
  private(set) var reference: String?
  private(set) var around: ByteCount?
  /// Whether a copy of the program is run under another name.
  private(set) var copies: Bool?
  /// Processors to use at most.
  private(set) var jobs: Int?
  /// Whether objects that the kernel allocated are looked at, and bytes of them.
  private(set) var deep: Bool?
  private(set) var deepLimit: DeepOptions.Limit?
  private(set) var signatures: [String] = []
  /// Files and folders of allow rules.
  private(set) var allow: [String] = []
  /// A baseline, or the folder of baselines.
  private(set) var baseline: String?
  private(set) var publicKey: String?
  private(set) var notBefore: UTCTime?

  /// A key: what it is for, and how its value is taken.
  struct Key: Sendable {
    let section: String
    let name: String
    let take:
      @Sendable (inout Configuration, ConfigurationFile.Entry, ConfigurationFile) throws(ConfigurationError) -> Void
  }

  /// Every key there is.
  static let keys: [Key] = [
    Key(section: "Scan", name: "Skip") { configuration, entry, file throws(ConfigurationError) in
      for id in words(entry) {
        guard Registry.check(withID: id) != nil else {
          throw file.unknown("check", id, among: Registry.checks.map(\.manual.id), line: entry.line)
        }
        configuration.skip.append(id)
      }
    },
    Key(section: "Scan", name: "Reference") { configuration, entry, file throws(ConfigurationError) in
      configuration.reference = try path(entry, file)
    },
    Key(section: "Scan", name: "Around") { configuration, entry, file throws(ConfigurationError) in
      guard let around = ByteCount(argument: entry.value) else {
        throw file.error(entry.line, "Around=\(entry.value) is not a number of bytes, such as 4096, 64K or 1M")
      }
      configuration.around = around
    },
    Key(section: "Scan", name: "Copy") { configuration, entry, file throws(ConfigurationError) in
      configuration.copies = try isYes(entry, file)
    },
    Key(section: "Scan", name: "Deep") { configuration, entry, file throws(ConfigurationError) in
      configuration.deep = try isYes(entry, file)
    },
    Key(section: "Scan", name: "DeepLimit") { configuration, entry, file throws(ConfigurationError) in
      guard let limit = DeepOptions.Limit(argument: entry.value) else {
        throw file.error(entry.line, "DeepLimit=\(entry.value) is not a number of bytes, such as 64M or 1G")
      }
      configuration.deepLimit = limit
    },
    Key(section: "Scan", name: "Jobs") { configuration, entry, file throws(ConfigurationError) in
      guard let jobs = Int(entry.value), FilesAhead.processorNumbers.contains(jobs) else {
        throw file.error(entry.line, "Jobs=\(entry.value) is not a number from 1 to 4")
      }
      configuration.jobs = jobs
    },
    Key(section: "Scan", name: "Signatures") { configuration, entry, file throws(ConfigurationError) in
      configuration.signatures.append(try path(entry, file))
    },
    Key(section: "Scan", name: "Allow") { configuration, entry, file throws(ConfigurationError) in
      configuration.allow.append(try path(entry, file))
    },
    Key(section: "Baseline", name: "Path") { configuration, entry, file throws(ConfigurationError) in
      configuration.baseline = try path(entry, file)
    },
    Key(section: "Baseline", name: "PublicKey") { configuration, entry, file throws(ConfigurationError) in
      configuration.publicKey = try path(entry, file)
    },
    Key(section: "Baseline", name: "NotBefore") { configuration, entry, file throws(ConfigurationError) in
      guard let time = UTCTime(entry.value) else {
        throw file.error(entry.line, "NotBefore=\(entry.value) is not a time, such as 2026-01-31T12:00:00Z")
      }
      configuration.notBefore = time
    },
  ]

  init() {}

  init(at path: String) throws {
    try self.init(ConfigurationFile(NamedFile(path: path)))
  }

  init(_ file: ConfigurationFile) throws(ConfigurationError) {
    let sections = Self.keys.map(\.section)
    for section in file.sections {
      let known = Self.keys.filter { $0.section == section.name }
      guard !known.isEmpty else {
        throw file.unknown("section", section.name, among: Set(sections).sorted(), line: section.line)
      }
      for entry in section.entries {
        guard let key = known.first(where: { $0.name == entry.key }) else {
          throw file.unknown("key", entry.key, among: known.map(\.name), line: entry.line)
        }
        try key.take(&self, entry, file)
      }
    }
  }

  private static func words(_ entry: ConfigurationFile.Entry) -> [String] {
    entry.value.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private static func isYes(
    _ entry: ConfigurationFile.Entry, _ file: ConfigurationFile
  ) throws(ConfigurationError) -> Bool {
    switch entry.value {
    case "yes": return true
    case "no": return false
    default: throw file.error(entry.line, "\(entry.key)=\(entry.value) is neither yes nor no")
    }
  }

  private static func path(
    _ entry: ConfigurationFile.Entry, _ file: ConfigurationFile
  ) throws(ConfigurationError) -> String {
    guard entry.value.hasPrefix("/") else {
      throw file.error(entry.line, "\(entry.key)=\(entry.value) is not an absolute path")
    }
    return entry.value
  }
}
