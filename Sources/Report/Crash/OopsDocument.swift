internal import Crash
internal import KernelFormats
internal import KernelModel

/// Reports in the kernel's own words as JSON says them; every key is always there: `docs/oops.schema.json`.
struct OopsDocument: Encodable {
  let schema: PlainText = "liveprobe-oops/1"
  let toolVersion: PlainText
  let status: PlainText
  let exitStatus: Int
  let signs: [PlainText]
  /// What looks like a sign and is none.
  let remarks: [PlainText]
  /// Why nothing can be told of signs.
  let unknown: OrNull<PlainText>
  let account: [PlainText]
  let missing: [PlainText]
  let signature: OrNull<PlainText>
  let reports: [OopsReportDocument]

  init(
    _ status: PlainText, _ exitStatus: Int, signs: [OopsJudgement.Sign], _ judgement: OopsJudgement?, _ tale: OopsTale?,
    decisive: OopsText?, all reports: [OopsText], toolVersion: String
  ) {
    self.toolVersion = PlainText(toolVersion)
    self.status = status
    self.exitStatus = exitStatus
    self.signs = signs.map { PlainText(sentence: $0.sentence) }
    remarks = (judgement?.remarks ?? []).map { PlainText(sentence: $0) }
    unknown = OrNull(judgement?.unknown.map { PlainText(sentence: $0) })
    account = (tale?.sentences ?? []).map { PlainText(sentence: $0) }
    missing = (tale?.missing ?? []).map { PlainText(sentence: $0) }
    signature = OrNull(decisive.map { PlainText(sentence: $0.signature) })
    self.reports = reports.map { OopsReportDocument($0, isDecisive: $0 == decisive) }
  }
}

/// One report.
struct OopsReportDocument: Encodable {
  let isDecisive: Bool
  let line: Int
  let kind: PlainText
  let complaint: OrNull<PlainText>
  let signature: PlainText
  let message: PlainText
  let detail: OrNull<PlainText>
  let panicMessage: OrNull<PlainText>
  let seconds: OrNull<Double>
  let architecture: OrNull<PlainText>
  let address: OrNull<PlainText>
  let access: OrNull<PlainText>
  let errorCode: OrNull<PlainText>
  let syndrome: OrNull<PlainText>
  let processor: OrNull<UInt64>
  let pid: OrNull<UInt64>
  let task: OrNull<PlainText>
  let taint: OrNull<PlainText>
  let release: OrNull<PlainText>
  let hardware: OrNull<PlainText>
  let kernelOffset: OrNull<PlainText>
  let instructionPointer: OrNull<PlainText>
  let instruction: OrNull<PlainText>
  let code: OrNull<Code>
  let registers: [Register]
  let culprit: OrNull<PlainText>
  let systemCall: OrNull<UInt64>
  let work: OrNull<PlainText>
  let statements: [PlainText]
  let trace: [PlainText]
  let traces: [Trace]
  let modules: [PlainText]
  let moduleFlags: [Module]
  let lastUnloaded: OrNull<PlainText>

  struct Register: Encodable {
    let name: PlainText
    let value: PlainText
  }

  struct Code: Encodable {
    let bytes: PlainText
    let instructionAt: Int
  }

  struct Trace: Encodable {
    let heading: OrNull<PlainText>
    let entries: [Entry]
  }

  struct Entry: Encodable {
    let place: PlainText
    let isReliable: Bool
    let stack: OrNull<PlainText>
  }

  struct Module: Encodable {
    let name: PlainText
    let flags: PlainText
  }

  init(_ report: OopsText, isDecisive: Bool) {
    let tale = OopsTale(report)
    self.isDecisive = isDecisive
    line = report.lineNumber + 1
    kind = PlainText(report.kindWord)
    complaint = OrNull(report.complaint.map { PlainText($0.rawValue) })
    signature = PlainText(sentence: report.signature)
    message = PlainText(sentence: report.message)
    detail = OrNull(report.detail.map { PlainText(sentence: $0) })
    panicMessage = OrNull(report.panicMessage.map { PlainText(sentence: $0) })
    // JSON has no other numbers.
    seconds = OrNull(report.seconds.flatMap { $0.isFinite ? $0 : nil })
    architecture = OrNull(report.architecture.map { PlainText($0.name) })
    address = OrNull(report.usedAddress.map { "\($0.hexadecimal)" })
    access = OrNull(report.accessWord.map { PlainText($0) })
    errorCode = OrNull(report.errorCode.map { "\($0.hexadecimal)" })
    syndrome = OrNull(report.syndrome.map { "\($0.hexadecimal)" })
    processor = OrNull(report.processor)
    pid = OrNull(report.pid)
    task = OrNull(report.comm.map { PlainText($0) })
    taint = OrNull(report.taint.map { PlainText($0) })
    release = OrNull(report.release.map { PlainText($0) })
    hardware = OrNull(report.hardware.map { PlainText(sentence: $0) })
    kernelOffset = OrNull(report.kernelOffset.map { "\($0.hexadecimal)" })
    instructionPointer = OrNull(report.instructionPointer.map { "\($0)" })
    instruction = OrNull(tale.instruction.map { PlainText($0.text) })
    code = OrNull(report.kernelRegisters?.code.flatMap(Code.init))
    registers = (report.kernelRegisters?.values ?? [:]).sorted { $0.key < $1.key }.map { name, value in
      Register(name: PlainText(name), value: "\(value.hexadecimal)")
    }
    culprit = OrNull(tale.culprit.map { PlainText(sentence: $0) })
    systemCall = OrNull(report.systemCall)
    work = OrNull(report.work.map { "\($0)" })
    statements = report.statements.map { PlainText(sentence: $0) }
    trace = report.traces.flatMap(\.entries).map { "\($0.isReliable ? "" : "? ")\($0.place)" }
    traces = report.traces.map { trace in
      Trace(
        heading: OrNull(trace.heading.map { PlainText(sentence: $0) }),
        entries: trace.entries.map { entry in
          Entry(
            place: "\(entry.place)", isReliable: entry.isReliable, stack: OrNull(entry.stack.map { PlainText($0) }))
        })
    }
    modules = report.modules.map { PlainText($0.name) }
    moduleFlags = report.modules.filter { !$0.flags.isEmpty }.map {
      Module(name: PlainText($0.name), flags: PlainText($0.flags))
    }
    lastUnloaded = OrNull(report.lastUnloaded.map { PlainText($0.name) })
  }
}

extension OopsReportDocument.Code {
  fileprivate init?(_ code: OopsCode) {
    guard case .bytes(let bytes, let instruction) = code else { return nil }
    self.bytes = PlainText(bytes.map { UInt64($0).hexadecimalDigits(atLeast: 2) }.joined(separator: " "), limit: 1024)
    instructionAt = instruction
  }
}
