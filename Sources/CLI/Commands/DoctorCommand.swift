internal import ArgumentParser
internal import Audit
internal import KernelModel
internal import LiveProbe
internal import Report
internal import Vendor

/// `liveprobe doctor`: what a scan needs here, whether it can be had, and what to do if not.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Show what a scan needs on this host, what is missing, and what to do.",
    discussion:
      "Exit status: 0 ready to scan with everything; 1 ready, but something optional is missing; 3 a scan is not possible."
  )

  func run() {
    let preflight = Preflight.examine(SystemRoot()) { InstalledImages(root: "/").otherPlaces(of: $0).first }
    let width = preflight.items.map(\.name.count).max() ?? 0
    for item in preflight.items {
      let padding = String(repeating: " ", count: width - item.name.count + 2)
      Terminal.write("\(word(for: item))  \(item.name)\(padding)\(detail(of: item))\n", to: .standardOutput)
      if let remedy = remedy(for: item) {
        Terminal.write(String(repeating: " ", count: 9 + width + 2) + "→ \(remedy)\n", to: .standardOutput)
      }
    }
    let status: Status =
      !preflight.canScan ? .unknown : preflight.items.allSatisfy(\.state.isAvailable) ? .ok : .warning
    let sentence =
      switch status {
      case .ok: "Ready to scan: nothing is missing."
      case .warning: "Ready to scan. Items marked missing or EDITED limit what can be verified."
      case .unknown, .critical: "Cannot scan: first provide the items marked NEEDED."
      }
    Terminal.write("\n\(sentence)\n", to: .standardOutput)
    Terminal.exit(status.rawValue)
  }

  private func word(for item: Preflight.Item) -> String {
    switch item.state {
    case .available: "ok     "
    case .edited: "EDITED "
    case .withheld, .absent: item.isNeeded ? "NEEDED " : "missing"
    }
  }

  private func detail(of item: Preflight.Item) -> String {
    switch item.state {
    case .available(let detail): PlainText(detail).description
    case .withheld(let withheld): PlainText("withheld: " + withheld.why).description
    case .absent(let withheld): PlainText("absent: " + withheld.why).description
    case .edited(let withheld): PlainText(withheld.why).description
    }
  }

  private func remedy(for item: Preflight.Item) -> String? {
    switch item.state {
    case .available: nil
    case .withheld(let withheld), .absent(let withheld), .edited(let withheld):
      withheld.remedy.isEmpty ? nil : PlainText(withheld.remedy).description
    }
  }
}
