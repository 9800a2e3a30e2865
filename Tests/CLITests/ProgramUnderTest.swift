import Foundation

/// The program that was built along with these tests.
struct ProgramUnderTest {
  struct Answer {
    var status: Int32
    var output: String
    var errors: String
  }

  private static let program: URL = {
    let built = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    var folder = built.deletingLastPathComponent()
    while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appending(path: "liveprobe").path) {
      folder.deleteLastPathComponent()
    }
    return folder.appending(path: "liveprobe")
  }()

  /// Runs it to its end.
  ///
  /// - Parameter input: a file that it gets as standard input.
  func run(_ arguments: [String], input: String? = nil) throws -> Answer {
    let output = Pipe()
    let errors = Pipe()
    let process = try start(
      arguments, input: try input.map { try FileHandle(forReadingFrom: URL(filePath: $0)) }, output: output,
      errors: errors)
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaint, as: UTF8.self))
  }

  /// Starts it, and says nothing of what it writes unless that is asked for.
  ///
  /// - Parameter output: a pipe or a file.
  func start(_ arguments: [String], input: FileHandle? = nil, output: Any? = nil, errors: Pipe? = nil) throws -> Process
  {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    process.standardInput = input ?? FileHandle.nullDevice
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = errors ?? FileHandle.nullDevice
    try process.run()
    return process
  }
}
