/// As much of a JSON report as hosts are compared by; what a report lacks is not known.
///
/// The form is that of `docs/report.schema.json`. A report of a crash holds one of a scan under `scan`, and what the kernel died
/// of; one that was made of a log alone has what the kernel said of itself.
struct ReportContents: Decodable {
  var schema: String
  var status: String?
  var kernel: Kernel?
  var inventory: Inventory?
  var checks: [Check]?
  var implants: [Implant]?
  var run: Run?
  /// What a dead kernel died of.
  var death: String?
  /// What that has in common on every host: its kind, and the first functions that say something.
  var signature: String?

  private enum Key: CodingKey {
    case schema, status, kernel, inventory, checks, implants, run, scan, host, system, foreign, reports
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    schema = try values.decode(String.self, forKey: .schema)
    if values.contains(.scan) {
      try take(crash: values)
      return
    }
    status = try values.decodeIfPresent(String.self, forKey: .status)
    kernel = try values.decodeIfPresent(Kernel.self, forKey: .kernel)
    inventory = try values.decodeIfPresent(Inventory.self, forKey: .inventory)
    checks = try values.decodeIfPresent([Check].self, forKey: .checks)
    implants = try values.decodeIfPresent([Implant].self, forKey: .implants)
    run = try values.decodeIfPresent(Run.self, forKey: .run)
    let oopses = try values.decodeIfPresent([Oops].self, forKey: .reports) ?? []
    if let oops = oopses.first(where: { $0.isDecisive ?? false }) { take(oops) }
  }

  private mutating func take(crash values: KeyedDecodingContainer<Key>) throws {
    let schema = schema
    self = try values.decode(ReportContents.self, forKey: .scan)
    self.schema = schema
    let foreign = try values.decodeIfPresent([Foreign].self, forKey: .foreign) ?? []
    // What hooks lead to is in the scan's report; where no check found one, the stack leads there all the same.
    if implants?.isEmpty ?? true { implants = foreign.map(\.implant) }
    let system = try values.decodeIfPresent(System.self, forKey: .system)
    death = system?.diedOf
    signature = system?.signature
    let host = try values.decodeIfPresent(String.self, forKey: .host)
    var inventory = inventory ?? Inventory()
    inventory.hostName = inventory.hostName ?? host
    inventory.taint = inventory.taint ?? system?.taint
    self.inventory = inventory
  }

  private mutating func take(_ oops: Oops) {
    death = oops.message
    signature = oops.signature
    kernel = Kernel(release: oops.release)
    inventory = Inventory(taint: oops.taint, names: oops.modules)
  }

  struct Kernel: Decodable {
    var release: String?
    var version: String?
    var machine: String?
    var buildID: BuildIDs?

    struct BuildIDs: Decodable {
      var claimed: String?
      var inMemory: String?

      /// Memory's own word comes before what user space is told.
      var known: String? { inMemory ?? claimed }
    }
  }

  struct Inventory: Decodable {
    var hostName: String?
    var taint: String?
    var modules: [Module]?
    /// Of modules of which nothing else is known.
    var names: [String]?

    struct Module: Decodable {
      var name: String
      var buildID: String?

      /// The same words on every host that has this build of it.
      var build: String { buildID.map { "build id \($0)" } ?? "no build id" }
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

      /// `sys_call_table[59] (execve)`.
      var text: String { name + (index.map { "[\($0)]" } ?? "") + (label.map { " (\($0))" } ?? "") }
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

  struct Foreign: Decodable {
    var implant: Implant
  }

  struct System: Decodable {
    var diedOf: String?
    var signature: String?
    var taint: String?
  }

  /// What a kernel said of itself.
  struct Oops: Decodable {
    var isDecisive: Bool?
    var message: String
    var signature: String?
    var taint: String?
    var release: String?
    var modules: [String]?
  }
}
