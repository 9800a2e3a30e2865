internal import Audit
internal import Checks
internal import KernelModel

/// Allow rules as operators write them: one `[Allow]` section each.
enum AllowFile {
  private static let keys = ["Module", "BuildID", "Signer", "Program", "Tag", "Check", "Reason"]

  /// The rules in the file at `path`, or in the files of the folder there whose names end in `.conf`.
  static func rules(at path: String) throws -> [AllowRule] {
    try NamedFile(path: path).filesInside(endingIn: ".conf").flatMap { try rules(in: ConfigurationFile($0)) }
  }

  static func rules(in file: ConfigurationFile) throws(ConfigurationError) -> [AllowRule] {
    var rules: [AllowRule] = []
    for section in file.sections {
      guard section.name == "Allow" else {
        throw file.unknown("section", section.name, among: ["Allow"], line: section.line)
      }
      rules.append(try rule(section, of: file))
    }
    return rules
  }

  private static func rule(
    _ section: ConfigurationFile.Section, of file: ConfigurationFile
  ) throws(ConfigurationError) -> AllowRule {
    var values: [String: ConfigurationFile.Entry] = [:]
    for entry in section.entries {
      guard keys.contains(entry.key) else { throw file.unknown("key", entry.key, among: keys, line: entry.line) }
      guard values[entry.key] == nil else { throw file.error(entry.line, "\(entry.key)= is given twice in one rule") }
      guard !entry.value.isEmpty else { throw file.error(entry.line, "\(entry.key)= is empty") }
      values[entry.key] = entry
    }
    func needed(_ key: String, _ why: String) throws(ConfigurationError) -> ConfigurationFile.Entry {
      guard let entry = values[key] else { throw file.error(section.line, "the rule lacks \(key)=: \(why)") }
      return entry
    }
    return AllowRule(
      source: "\(file.path):\(section.line)",
      whose: try whose(values, section, file),
      checks: try checks(try needed("Check", "the checks whose findings are accepted"), file),
      reason: try needed("Reason", "why it is accepted, for whoever reads the report").value)
  }

  /// A name alone shows nothing: anybody may choose it.
  private static func whose(
    _ values: [String: ConfigurationFile.Entry], _ section: ConfigurationFile.Section, _ file: ConfigurationFile
  ) throws(ConfigurationError) -> AllowRule.Whose {
    switch (values["Module"], values["Program"]) {
    case (let module?, nil):
      if let tag = values["Tag"] {
        throw file.error(tag.line, "Tag= is for a BPF program, but the rule names a module")
      }
      return .module(module.value, try proof(values, section, file))
    case (nil, let program?):
      if let entry = values["BuildID"] ?? values["Signer"] {
        throw file.error(entry.line, "BuildID= and Signer= are for a module, but the rule names a BPF program")
      }
      guard let entry = values["Tag"] else {
        throw file.error(section.line, "the rule lacks Tag=: a BPF program's name alone is never accepted")
      }
      guard entry.value.utf8.count == 16, [UInt8](hexadecimal: entry.value) != nil else {
        throw file.error(
          entry.line, "'\(entry.value)' is not a tag: bpftool prog show shows a program's, in 16 hexadecimal digits")
      }
      return .program(Finding.Program(name: program.value, tag: entry.value))
    case (nil, nil):
      throw file.error(
        section.line, "the rule lacks Module= or Program=: the module or the BPF program that is accepted")
    case (_?, let entry?):
      throw file.error(entry.line, "Module= and Program= in one rule: give one of them")
    }
  }

  private static func proof(
    _ values: [String: ConfigurationFile.Entry], _ section: ConfigurationFile.Section, _ file: ConfigurationFile
  ) throws(ConfigurationError) -> AllowRule.Proof {
    switch (values["BuildID"], values["Signer"]) {
    case (let entry?, nil):
      guard let buildID = BuildID(hexadecimal: entry.value) else {
        throw file.error(
          entry.line, "'\(entry.value)' is not a build id: file(1) shows a module's, in hexadecimal digits")
      }
      return .buildID(buildID)
    case (nil, let entry?):
      return .signer(entry.value)
    case (nil, nil):
      throw file.error(section.line, "the rule lacks BuildID= or Signer=: a module's name alone is never accepted")
    case (_?, let entry?):
      throw file.error(entry.line, "BuildID= and Signer= in one rule: give one of them")
    }
  }

  private static func checks(
    _ entry: ConfigurationFile.Entry, _ file: ConfigurationFile
  ) throws(ConfigurationError) -> Set<String> {
    let ids = entry.value.split(whereSeparator: \.isWhitespace).map(String.init)
    for id in ids where Registry.check(withID: id) == nil {
      throw file.unknown("check", id, among: Registry.checks.map(\.manual.id), line: entry.line)
    }
    return Set(ids)
  }
}
