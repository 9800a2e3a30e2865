/// As much of a JSON report as hosts are compared by; what a report lacks is not known.
///
/// The form is that of `docs/report.schema.json`. A report of a crash has the same parts, and one named `crash` besides.
struct ReportContents: Decodable {
  var schema: String
  var status: String?
  var kernel: Kernel?
  var inventory: Inventory?
  var checks: [Check]?
  var implants: [Implant]?
  var run: Run?
  var crash: Presence?

  struct Kernel: Decodable {
    var release: String?
    var version: String?
    var buildID: BuildIDs?

    struct BuildIDs: Decodable {
      var claimed: String?
      var inMemory: String?
    }
  }

  struct Inventory: Decodable {
    var hostName: String?
    var taint: String?
    var modules: [Module]?

    struct Module: Decodable {
      var name: String
      var buildID: String?
    }
  }

  struct Check: Decodable {
    var id: String
    var findings: [Finding]?
  }

  struct Finding: Decodable {
    var severity: String?
    var subject: Subject

    struct Subject: Decodable {
      var name: String
      var index: Int?
      var label: String?
    }
  }

  struct Implant: Decodable {
    var fingerprint: Fingerprint?
    var signatures: [Signature]?

    struct Fingerprint: Decodable {
      var offsets: [String]?
      var functions: [Function]?
      var strings: Strings?
    }

    struct Function: Decodable {
      var byteCount: Int
      var digest: String
    }

    struct Strings: Decodable {
      var count: Int
      var digest: String
    }

    struct Signature: Decodable {
      var family: String
    }
  }

  struct Run: Decodable {
    var startedAt: String?
  }

  /// Something that is there, whatever is in it.
  struct Presence: Decodable {
    init(from decoder: any Decoder) {}
  }
}
