import Foundation
import Lab

/// What the lab reads of `liveprobe crash --format json`.
struct CrashStory: Decodable, Sendable {
  struct System: Decodable, Sendable {
    let diedOf: String?
    let address: String?
    let addressOwner: String?
    let lastUnloaded: String?
    let log: [Record]

    struct Record: Decodable, Sendable { let text: String }
  }

  struct Context: Decodable, Sendable {
    let task: String
    let pid: Int
  }

  struct SystemCall: Decodable, Sendable {
    let number: Int
    let name: String?
    let handlers: [Handler]

    struct Handler: Decodable, Sendable {
      let address: String
      let isKernelText: Bool
    }
  }

  struct Stack: Decodable, Sendable {
    let trace: [Frame]
    let raw: [Raw]

    struct Frame: Decodable, Sendable {
      let address: String
      let owner: String
      let ownerKind: String
    }

    struct Raw: Decodable, Sendable {
      let words: [Word]

      struct Word: Decodable, Sendable {
        let slot: String
        let value: String
        let owner: String
        let ownerKind: String
        let followsCall: Bool
      }
    }
  }

  struct Foreign: Decodable, Sendable {
    let module: String?
    let references: [Reference]
    let ran: Bool

    struct Reference: Decodable, Sendable { let target: String }
  }

  struct Likeness: Decodable, Sendable {
    let what: String
    let favouring: [String]
    let opposing: [String]
  }

  struct Scan: Decodable, Sendable { let status: String }

  let status: String
  let headline: String
  let system: System
  let context: Context?
  let systemCall: SystemCall?
  let stack: Stack?
  let blocked: [Blocked]
  let foreign: [Foreign]
  let likenesses: [Likeness]
  let unknown: [String]
  let scan: Scan

  struct Blocked: Decodable, Sendable { let task: String }

  /// Has the executable tell the story of a dump, with what the vendor shipped for that kernel.
  ///
  /// - Returns: the story, and the exit status.
  static func tell(_ dump: URL, label: String, settings: LabSettings) throws -> (story: CrashStory, status: Int32) {
    let (text, status) = try run(
      ["crash", dump.path, "--reference", settings.cache.appendingPathComponent(label).path, "--format", "json"],
      settings)
    do {
      return (try JSONDecoder().decode(CrashStory.self, from: text), status)
    } catch {
      throw LabError(
        "no story of \(dump.lastPathComponent): \(error)\n\(String(decoding: text.prefix(400), as: UTF8.self))")
    }
  }

  /// Runs the executable here, and gives what it writes.
  static func run(_ arguments: [String], _ settings: LabSettings) throws -> (output: Data, status: Int32) {
    let process = Process()
    process.executableURL = settings.liveprobe
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (output, process.terminationStatus)
  }
}
