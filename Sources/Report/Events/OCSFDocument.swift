internal import Audit
internal import KernelModel

/// An event as the Open Cybersecurity Schema Framework says it.
///
/// Names are the schema's: `camelCase` here is `snake_case` there.
struct OCSFDocument: Encodable {
  let metadata: Metadata
  let classUid: Int
  let className: PlainText
  let categoryUid: Int
  let activityId: Int
  let typeUid: Int
  /// Milliseconds since 1970.
  let time: Int
  let severityId: Int
  let statusId: Int
  let message: PlainText
  let device: Device
  let isAlert: Bool?
  let findingInfo: FindingInfo?
  let remediation: Remediation?
  let scan: Scan?
  let startTime: Int?
  /// Milliseconds.
  let duration: Int?
  /// Findings; nil if nothing was looked at.
  let numDetections: Int?
  let unmapped: Unmapped

  init(_ event: VerdictEvent, _ common: EventCommon) {
    let kind = OCSFClass(event)
    metadata = Metadata(common, hasHostProfile: kind.category == OCSFClass.application)
    (classUid, className, categoryUid, activityId) = (kind.uid, kind.name, kind.category, kind.activity)
    // Source: OCSF 1.5.0, base_event, type_uid.
    typeUid = kind.uid * 100 + kind.activity
    time = (common.measurements.start?.secondsSince1970 ?? 0) &* 1000
    severityId = Self.severity(of: event.status)
    statusId = kind.status
    message = event.message
    device = Device(common)
    isAlert = kind.isAlert
    unmapped = Unmapped(liveprobe: EventDetails(event, common))
    if case .verdict(let verdict) = event {
      scan = Scan(uid: "\(common.hostName) \(common.startedAt)")
      startTime = time
      duration = common.measurements.milliseconds
      numDetections = verdict.obstacles.isEmpty ? verdict.findings.count : nil
    } else {
      (scan, startTime, duration, numDetections) = (nil, nil, nil, nil)
    }
    findingInfo = kind.isAlert == nil ? nil : FindingInfo(event, common)
    if case .finding(let reported) = event, !reported.response.isEmpty {
      remediation = Remediation(desc: .join(reported.response.map { PlainText(sentence: $0) }, "; "))
    } else {
      remediation = nil
    }
  }

  private static func severity(of status: Status) -> Int {
    switch status {
    case .ok: 1
    case .warning: 3
    case .unknown: 4
    case .critical: 5
    }
  }

  struct Metadata: Encodable {
    let version: PlainText = "1.5.0"
    let product: Product
    /// The schema has `device` in this profile only, for some classes.
    let profiles: [PlainText]?
    let logName: PlainText = "liveprobe"
    let originalTime: PlainText

    struct Product: Encodable {
      let name: PlainText = "liveprobe"
      let vendorName: PlainText = "liveprobe"
      let version: PlainText
    }

    init(_ common: EventCommon, hasHostProfile: Bool) {
      product = Product(version: common.toolVersion)
      profiles = hasHostProfile ? ["host"] : nil
      originalTime = common.startedAt
    }
  }

  struct Device: Encodable {
    let name: PlainText
    /// Unknown: whether it is a server is nothing that its kernel knows.
    let typeId = 0
    let os: System

    struct System: Encodable {
      let name: PlainText = "Linux"
      let typeId = 200
      let kernelRelease: PlainText?
    }

    init(_ common: EventCommon) {
      name = PlainText(common.hostName)
      os = System(kernelRelease: common.identity.map { PlainText($0.release) })
    }
  }

  struct FindingInfo: Encodable {
    /// The same for what is the same on a host, scan after scan.
    let uid: PlainText
    let title: PlainText
    let desc: PlainText?
    let types: [PlainText]
    let analytic: Analytic?

    struct Analytic: Encodable {
      let uid: PlainText
      let name: PlainText
      let desc: PlainText?
      /// A rule.
      let typeId = 1
      let version: PlainText
    }

    init(_ event: VerdictEvent, _ common: EventCommon) {
      let subject = event.subject.map { PlainText($0.description) } ?? ""
      uid = event.check.map { "\($0): \(subject)" } ?? subject
      title = event.message
      switch event {
      case .finding(let reported):
        types = ["tampering"]
        let finding = reported.finding
        desc =
          "expected \(sentence: finding.expected.words); observed \(sentence: finding.observed.words); \(sentence: finding.meaning)"
      case .accepted(let acceptance, _):
        types = ["accepted"]
        desc = PlainText(sentence: acceptance.reason)
      case .drift, .verdict, .unanswered:
        types = ["drift"]
        desc = nil
      }
      analytic = event.check.map { id in
        Analytic(
          uid: PlainText(id), name: PlainText(id), desc: event.manual.map { PlainText(sentence: $0.question) },
          version: common.toolVersion)
      }
    }
  }

  struct Remediation: Encodable {
    let desc: PlainText
  }

  struct Scan: Encodable {
    let uid: PlainText
    let name: PlainText = "liveprobe scan"
    /// Unknown: by hand or by a timer.
    let typeId = 0
  }

  struct Unmapped: Encodable {
    let liveprobe: EventDetails
  }
}

/// Which of the schema's classes an event is of, and how it stands there.
struct OCSFClass {
  static let findings = 2
  static let application = 6

  let uid: Int
  let name: PlainText
  let category: Int
  let activity: Int
  let status: Int
  /// Whether somebody is to be called; nil for what is no finding.
  let isAlert: Bool?

  init(_ event: VerdictEvent) {
    switch event {
    case .verdict(let verdict):
      let hasFailed = verdict.kernel == nil || !verdict.obstacles.isEmpty
      // Completed or Error; Success or Failure.
      self.init(6007, "Scan Activity", Self.application, activity: hasFailed ? 6 : 2, status: hasFailed ? 2 : 1)
    case .finding, .drift:
      // Create; New.
      self.init(2004, "Detection Finding", Self.findings, activity: 1, status: 1, isAlert: true)
    case .accepted:
      // Suppressed.
      self.init(2004, "Detection Finding", Self.findings, activity: 1, status: 3, isAlert: false)
    case .unanswered:
      // General Error; Failure.
      self.init(6008, "Application Error", Self.application, activity: 1, status: 2)
    }
  }

  private init(_ uid: Int, _ name: PlainText, _ category: Int, activity: Int, status: Int, isAlert: Bool? = nil) {
    (self.uid, self.name, self.category) = (uid, name, category)
    (self.activity, self.status, self.isAlert) = (activity, status, isAlert)
  }
}
