internal import KernelModel

/// One implant as JSON says it.
struct ImplantDocument: Encodable {
  let run: RegionDocument
  let continuesBelow: Bool
  let continuesAbove: Bool
  let permissions: [PermissionsDocument]
  let referencedRuns: [RegionDocument]
  let owner: PlainText
  let subjects: [SubjectDocument]
  let sites: [SiteDocument]
  let strings: [StringDocument]
  let symbols: [SymbolDocument]
  let signatures: [SignatureDocument]
  let fingerprint: FingerprintDocument
  let unreadable: [PlainText]
  let omissions: [PlainText]

  init(_ implant: Implant) {
    run = RegionDocument(implant.run)
    continuesBelow = implant.continuesBelow
    continuesAbove = implant.continuesAbove
    permissions = implant.permissions.map(PermissionsDocument.init)
    referencedRuns = implant.referencedRuns.map(RegionDocument.init)
    owner = PlainText(sentence: implant.owner)
    subjects = implant.subjects.sorted().map(SubjectDocument.init)
    sites = implant.sortedSites.map { SiteDocument($0, in: implant) }
    strings = implant.sortedStrings.map(StringDocument.init)
    symbols = implant.sortedSymbols.map(SymbolDocument.init)
    signatures = implant.signatures.map(SignatureDocument.init)
    fingerprint = FingerprintDocument(implant.fingerprint)
    unreadable = implant.unreadable.map { "\($0)" }
    omissions = implant.omissions.map { PlainText(sentence: $0) }
  }
}

/// A run of addresses.
struct RegionDocument: Encodable {
  let start: PlainText
  let byteCount: UInt64

  init(_ region: MemoryRegion) {
    start = "\(region.start)"
    byteCount = region.byteCount
  }
}

/// Pages with the same permissions.
struct PermissionsDocument: Encodable {
  let region: RegionDocument
  let permissions: PlainText

  init(_ run: Implant.PermissionRun) {
    region = RegionDocument(run.region)
    permissions = PlainText(run.permissions)
  }
}

/// A place that findings lead to.
struct SiteDocument: Encodable {
  let address: PlainText
  let place: OrNull<PlaceDocument>
  let subjects: [SubjectDocument]
  let bytesStart: PlainText
  let bytes: PlainText
  let instructions: [InstructionDocument]

  init(_ site: Implant.Site, in implant: Implant) {
    address = "\(site.address)"
    place = OrNull(implant.place(of: site.address).map(PlaceDocument.init))
    subjects = site.subjects.sorted().map(SubjectDocument.init)
    bytesStart = "\(site.bytesStart)"
    bytes = Hexdump.compact(site.bytes)
    instructions = site.instructions.map { InstructionDocument($0, in: implant) }
  }
}

/// One machine instruction.
struct InstructionDocument: Encodable {
  let address: PlainText
  let bytes: PlainText
  let mnemonic: PlainText
  let operands: PlainText
  let branchTarget: OrNull<PlainText>
  let branchPlace: OrNull<PlaceDocument>

  init(_ instruction: Instruction, in implant: Implant) {
    address = "\(instruction.address)"
    bytes = Hexdump.compact(instruction.bytes)
    mnemonic = PlainText(instruction.mnemonic)
    operands = PlainText(instruction.operands)
    branchTarget = OrNull(instruction.branchTarget.map { "\($0)" })
    branchPlace = OrNull(instruction.branchTarget.flatMap(implant.place).map(PlaceDocument.init))
  }
}

/// A printable string in memory.
struct StringDocument: Encodable {
  let address: PlainText
  let encoding: PlainText
  let text: PlainText

  init(_ string: FoundString) {
    address = "\(string.address)"
    encoding = PlainText(string.encoding.rawValue)
    text = PlainText(sentence: string.text)
  }
}

/// A symbol in the run or next to it.
struct SymbolDocument: Encodable {
  let name: PlainText
  let address: PlainText
  let type: PlainText
  let module: OrNull<PlainText>

  init(_ symbol: Symbol) {
    name = PlainText(symbol.name)
    address = "\(symbol.address)"
    type = PlainText(String(Unicode.Scalar(symbol.type)))
    module = OrNull(symbol.module.map { PlainText($0) })
  }
}

/// The marks of a known family.
struct SignatureDocument: Encodable {
  let family: PlainText
  let note: PlainText
  let evidence: [StringDocument]

  init(_ match: SignatureMatch) {
    family = PlainText(match.family)
    note = PlainText(sentence: match.note)
    evidence = match.evidence.sorted(by: FoundString.precedes).map(StringDocument.init)
  }
}
