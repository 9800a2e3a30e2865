import Foundation

/// Measures the verification of text natively, on snapshots of the lab's guests: what it costs, and what it finds.
@main
struct NativeBench {
  private static let usage = """
    usage: native-bench text [--enforce] SNAPSHOT IMAGE
             what verifying costs, against memcmp and the decompressor's tool; --enforce fails beyond the limits
           native-bench mutation [--anywhere N] [--sites N] [--seed N] SNAPSHOT
             how many of N changes of one byte anywhere in text, and of N inside sites of patches, are found
           native-bench pointers [--count N] [--seed N] SNAPSHOT
             how many of N redirections of pointers to code are found, by kind
           native-bench checks [--check ID] SNAPSHOT...
             what every check, or one, says of saved kernels
           native-bench layouts [--check ID] LABEL IMAGE...
             which layouts are inferred of a kernel of the lab in images of memory, against its types, and what checks say then
    """

  static func main() {
    do {
      exit(try run(Array(CommandLine.arguments.dropFirst())))
    } catch {
      FileHandle.standardError.write(Data("native-bench: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws -> Int32 {
    var rest = arguments.dropFirst()
    var paths: [String] = []
    var enforced = false
    var mutation = Mutation.Options()
    var check: String?
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        paths.append(argument)
        continue
      }
      if argument == "--enforce" {
        enforced = true
        continue
      }
      if argument == "--check" {
        check = rest.popFirst()
        continue
      }
      guard let value = rest.popFirst().flatMap({ UInt64($0) }) else { throw Usage(description: usage) }
      switch argument {
      case "--anywhere": mutation.anywhere = Int(clamping: value)
      case "--sites": mutation.insideSites = Int(clamping: value)
      case "--count": mutation.pointers = Int(clamping: value)
      case "--seed": mutation.seed = value
      default: throw Usage(description: usage)
      }
    }
    switch (arguments.first, paths.count) {
    case ("text", 2): return try TextBench.run(snapshot: paths[0], image: paths[1]) || !enforced ? 0 : 1
    case ("mutation", 1): return try Mutation.run(snapshot: paths[0], options: mutation) ? 0 : 1
    case ("pointers", 1): return try PointerMutation.run(snapshot: paths[0], options: mutation) ? 0 : 1
    case ("checks", 1...): return try CheckRun.run(snapshots: paths, only: check) ? 0 : 1
    case ("layouts", 2...):
      return try LayoutRun.run(label: paths[0], images: Array(paths.dropFirst()), only: check) ? 0 : 1
    default: throw Usage(description: usage)
    }
  }

  private struct Usage: Error, CustomStringConvertible {
    let description: String
  }
}
