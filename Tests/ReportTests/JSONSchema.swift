import FoundationEssentials

/// As much of JSON Schema (draft 2020-12) as `docs/report.schema.json` and `docs/crash.schema.json` use, and not a keyword more.
struct JSONSchema {
  let root: JSONValue
  /// The schemas that this one refers to, by the names of their files.
  private let others: [String: JSONValue]

  init(text: String, others: [String: JSONSchema] = [:]) throws {
    root = try JSONValue.parse(text)
    self.others = others.mapValues(\.root)
  }

  private static let keywords: Set = [
    "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "pattern", "minimum", "maximum",
    "anyOf", "items", "properties", "required", "additionalProperties",
  ]

  /// What is wrong with `value`, and each property of the schema that it has, as `definition.property`.
  func examine(_ value: JSONValue) -> (problems: [String], seen: Set<String>) {
    var walk = Walk(root: root, others: others)
    walk.visit(value, root, "$", "root")
    return (walk.problems, walk.seen)
  }

  /// Every property of the schema, as `definition.property`.
  var properties: Set<String> {
    let definitions = (root["$defs"]?.object ?? [:]).merging(["root": root]) { definition, _ in definition }
    return Set(
      definitions.flatMap { name, schema in (schema["properties"]?.object ?? [:]).keys.map { "\(name).\($0)" } })
  }

  /// What breaks the rules that hold for every object of ours: closed, complete, described, and of known keywords.
  var faults: [String] {
    var faults: [String] = []
    func visit(_ schema: JSONValue, _ path: String) {
      guard let members = schema.object else { return faults.append("\(path): not an object") }
      for key in Set(members.keys).subtracting(Self.keywords) { faults.append("\(path): unknown keyword \(key)") }
      if let properties = schema["properties"]?.object {
        if schema["additionalProperties"] != .flag(false) { faults.append("\(path): open") }
        if Set(schema["required"]?.list?.compactMap(\.text) ?? []) != Set(properties.keys) {
          faults.append("\(path): not all required")
        }
        for (key, property) in properties {
          if property["description"] == nil && property["$ref"] == nil { faults.append("\(path).\(key): undescribed") }
          visit(property, "\(path).\(key)")
        }
      }
      for (name, definition) in schema["$defs"]?.object ?? [:] {
        if definition["description"] == nil { faults.append("\(name): undescribed") }
        visit(definition, name)
      }
      if let items = schema["items"] { visit(items, path + "[]") }
      for option in schema["anyOf"]?.list ?? [] { visit(option, path) }
    }
    visit(root, "$")
    return faults
  }

  private struct Walk {
    let root: JSONValue
    let others: [String: JSONValue]
    var problems: [String] = []
    var seen: Set<String> = []

    mutating func visit(_ value: JSONValue, _ schema: JSONValue, _ path: String, _ definition: String) {
      if let reference = schema["$ref"]?.text { follow(reference, value, path) }
      checkValue(value, schema, path)
      if let options = schema["anyOf"]?.list {
        let walks = options.map { option in
          var walk = Walk(root: root, others: others)
          walk.visit(value, option, path, definition)
          return walk
        }
        if let fit = walks.first(where: { $0.problems.isEmpty }) {
          seen.formUnion(fit.seen)
        } else {
          problems += walks.flatMap(\.problems)
        }
      }
      if let items = schema["items"], let list = value.list {
        for (index, item) in list.enumerated() { visit(item, items, "\(path)[\(index)]", definition) }
      }
      guard let properties = schema["properties"]?.object, let members = value.object else { return }
      for key in schema["required"]?.list?.compactMap(\.text) ?? [] where members[key] == nil {
        problems.append("\(path): \(key) is missing")
      }
      for (key, member) in members {
        guard let property = properties[key] else {
          problems.append("\(path): \(key) is not in the schema")
          continue
        }
        seen.insert("\(definition).\(key)")
        visit(member, property, "\(path).\(key)", definition)
      }
    }

    /// `#/$defs/name` of this schema, or `file.json` and `file.json#/$defs/name` of another, whose properties are its own.
    private mutating func follow(_ reference: String, _ value: JSONValue, _ path: String) {
      let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let document = parts[0].isEmpty ? root : others[parts[0]]
      let name = parts.dropFirst().first?.split(separator: "/").last.map(String.init)
      guard let document, let target = name == nil ? document : document["$defs"]?[name ?? ""] else {
        return problems.append("\(path): no definition \(reference)")
      }
      guard !parts[0].isEmpty else { return visit(value, target, path, name ?? "root") }
      var walk = Walk(root: document, others: others)
      walk.visit(value, target, path, name ?? "root")
      problems += walk.problems
    }

    private mutating func checkValue(_ value: JSONValue, _ schema: JSONValue, _ path: String) {
      let types = schema["type"].map { $0.list?.compactMap(\.text) ?? [$0.text].compactMap { $0 } }
      if let types, value.types.isDisjoint(with: types) { problems.append("\(path): not of type \(types)") }
      if let constant = schema["const"], value != constant { problems.append("\(path): not \(constant)") }
      if let cases = schema["enum"]?.list, !cases.contains(value) { problems.append("\(path): \(value) not listed") }
      if case .number(let number) = value {
        if case .number(let least)? = schema["minimum"], number < least { problems.append("\(path): too small") }
        if case .number(let most)? = schema["maximum"], number > most { problems.append("\(path): too large") }
      }
      if let pattern = schema["pattern"]?.text, let text = value.text {
        do {
          if try Regex(pattern).wholeMatch(in: text) == nil { problems.append("\(path): \(text) is not \(pattern)") }
        } catch {
          problems.append("\(path): \(pattern) is no pattern: \(error)")
        }
      }
    }
  }
}
