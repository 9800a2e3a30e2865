import KernelModel

/// A kernel's entry in a store as text: a line for each thing, fields with a blank between them.
///
/// An entry has one form: it is taken only if it is byte for byte what its content is written as.
extension StoredKernel {
  /// As many modules as a distribution's kernel has, several times.
  static let mostLines = 100_000
  static let limit = 32 << 20
  private static let head = "liveprobe kernel 1"

  var text: String {
    var lines = [Self.head, Self.line(["build", buildID.description]), Self.line(["release", release])]
    for package in packages {
      lines.append(
        Self.line([
          "package", package.name, package.version, package.architecture, package.maker, package.file,
          String(package.byteCount), package.digest,
        ]))
    }
    for (package, signatures) in signatures.sorted(by: { $0.key < $1.key }) {
      for signature in signatures { lines.append(Self.line(["signature", String(package)] + signature.fields)) }
    }
    for file in files {
      let common = [file.package.map(String.init) ?? "", file.digest, String(file.byteCount), file.path]
      switch file.kind {
      case .image: lines.append(Self.line(["image"] + common))
      case .map: lines.append(Self.line(["map"] + common))
      case .module(let module):
        lines.append(
          Self.line(
            ["module"] + common + [module.name, module.sourceVersion ?? "", module.buildID?.description ?? ""]))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  init(text: String) throws(StoreFault) {
    let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: true)
    guard (3...Self.mostLines).contains(lines.count), lines[0].elementsEqual(Self.head.utf8) else {
      throw .damaged("it is no entry of form 1")
    }
    let rows = lines.dropFirst().map(Self.fields)
    guard rows[0].count == 2, rows[0][0] == "build", let build = BuildID(hexadecimal: rows[0][1]), rows[1].count == 2,
      rows[1][0] == "release"
    else { throw .damaged("it begins with no build and release") }
    self.init(buildID: build, release: rows[1][1])
    for row in rows.dropFirst(2) {
      guard let kind = row.first else { continue }
      if kind == "package", let package = PackageIdentity(Array(row.dropFirst())) {
        packages.append(package)
      } else if kind == "signature", row.count > 2, let package = Int(row[1]), packages.indices.contains(package),
        let signature = PackageSignature(Array(row.dropFirst(2)))
      {
        restore(signature, ofPackage: package)
      } else if let file = File(row, packageCount: packages.count), restore(file) {
        continue
      } else {
        throw .damaged("a line of kind \"\(kind)\" in it makes no sense")
      }
    }
    guard self.text.utf8.elementsEqual(text.utf8) else { throw .damaged("it is not written as its content is") }
  }

  // MARK: Fields

  /// Fields in which what would end a field stands as `%20`; an empty one is `-`.
  private static func line(_ fields: [String]) -> String {
    fields.map { field in
      if field.isEmpty { return "-" }
      if field == "-" { return "%2d" }
      var text = ""
      for byte in field.utf8 {
        if byte > 0x20, byte < 0x7f, byte != 0x25 {
          text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
          text += "%" + [byte].hexadecimal()
        }
      }
      return text
    }.joined(separator: " ")
  }

  private static func fields(_ line: Substring.UTF8View) -> [String] {
    line.split(separator: 0x20, omittingEmptySubsequences: false).map { field in
      if field.elementsEqual("-".utf8) { return "" }
      var bytes: [UInt8] = []
      var rest = Array(field)[...]
      while let byte = rest.popFirst() {
        if byte == 0x25, let code = [UInt8](hexadecimal: String(decoding: rest.prefix(2), as: UTF8.self)),
          code.count == 1
        {
          bytes.append(code[0])
          rest = rest.dropFirst(2)
        } else {
          bytes.append(byte)
        }
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}

extension PackageIdentity {
  fileprivate init?(_ fields: [String]) {
    guard fields.count == 7, let byteCount = Int(fields[5]), byteCount >= 0 else { return nil }
    self.init(
      name: fields[0], version: fields[1], architecture: fields[2], maker: fields[3], file: fields[4],
      byteCount: byteCount, digest: fields[6])
  }
}

extension PackageSignature {
  fileprivate var fields: [String] {
    [
      way.rawValue, isVerified ? "verified" : "noted", key, primary, signer, madeAt?.description ?? "",
      keyExpiredAt?.description ?? "", obstacle, document, index?.name ?? "", index?.digest ?? "",
    ] + evidence.flatMap { [$0.digest, String($0.byteCount)] }
  }

  fileprivate init?(_ fields: [String]) {
    guard fields.count >= 11, fields.count <= 15, !fields.count.isMultiple(of: 2), let way = Way(rawValue: fields[0])
    else { return nil }
    self.init(way, key: fields[2], document: fields[8])
    isVerified = fields[1] == "verified"
    (primary, signer, obstacle) = (fields[3], fields[4], fields[7])
    (madeAt, keyExpiredAt) = (UTCTime(fields[5]), UTCTime(fields[6]))
    if KernelStore.isDigest(fields[10]) { index = Item(name: fields[9], digest: fields[10], byteCount: 0) }
    for place in stride(from: 11, to: fields.count, by: 2) {
      guard KernelStore.isDigest(fields[place]), let byteCount = Int(fields[place + 1]),
        0...KernelStore.largestFile ~= byteCount
      else { return nil }
      evidence.append(Item(name: "", digest: fields[place], byteCount: byteCount))
    }
  }
}

extension StoredKernel.File {
  fileprivate init?(_ row: [String], packageCount: Int) {
    guard row.count >= 5, let byteCount = Int(row[3]), 0...KernelStore.largestFile ~= byteCount,
      KernelStore.isDigest(row[2])
    else { return nil }
    switch (row[0], row.count) {
    case ("image", 5): kind = .image
    case ("map", 5): kind = .map
    case ("module", 8):
      kind = .module(
        StoredKernel.Module(
          name: row[5], sourceVersion: row[6].isEmpty ? nil : row[6], buildID: BuildID(hexadecimal: row[7])))
    default: return nil
    }
    (digest, self.byteCount, path) = (row[2], byteCount, row[4])
    guard !row[1].isEmpty else { return }
    guard let package = Int(row[1]), 0..<packageCount ~= package else { return nil }
    self.package = package
  }
}
