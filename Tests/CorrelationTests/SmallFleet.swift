import Correlation
import Foundation

/// A few reports, each said in a line.
enum SmallFleet {
  /// A report as a scan writes it, of as much as a test needs.
  static func report(
    _ host: String?, status: String = "OK", crash: Bool = false, modules: [(String, String?)]? = [],
    taint: String? = "",
    findings: [String] = [], severity: String = "critical", at time: String? = "2026-03-01T03:00:00Z",
    release: String = "6.1.0"
  ) throws -> [UInt8] {
    var document: [String: Any] = [
      "schema": "liveprobe/1", "status": status, "kernel": ["release": release, "version": "#1 SMP"],
      "implants": [Any](),
      "inventory": [
        "hostName": host as Any? ?? NSNull(), "taint": taint as Any? ?? NSNull(),
        "modules": modules.map { $0.map { ["name": $0.0, "buildID": $0.1 as Any? ?? NSNull(), "taints": ""] } } as Any?
          ?? NSNull(),
      ],
      "checks": [
        [
          "id": "syscall-table",
          "findings": findings.map {
            ["severity": severity, "subject": ["name": $0, "index": NSNull(), "label": NSNull()]]
          },
        ]
      ],
    ]
    if let time { document["run"] = ["startedAt": time] }
    if crash {
      document = ["schema": "liveprobe-crash/1", "scan": document, "system": ["diedOf": "kernel BUG at fs/x.c:7!"]]
    }
    return [UInt8](try JSONSerialization.data(withJSONObject: document))
  }

  static func fleet(_ documents: [[UInt8]]) throws -> Fleet {
    var fleet = Fleet()
    for (index, document) in documents.enumerated() {
      fleet.add(try HostReport(decoding: document), from: "report\(index)")
    }
    return fleet
  }
}
