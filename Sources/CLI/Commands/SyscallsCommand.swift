internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe syscalls`: where each system call number really goes.
struct SyscallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "syscalls", abstract: "Show where each system call number really goes.",
    discussion: """
      Follows the running kernel's own code from its entry function, for each number, as the check syscall-dispatch \
      does, and shows the handler it comes to. Needs root. Compares with nothing: that is what 'liveprobe scan' does.

      Exit status: 0 if every number leads into the kernel's own code, 2 if one does not, 3 if one could not be \
      followed.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(help: "How to say it.")
  var format: Format = .text

  @Option(help: "Whose system calls: \(Machine.SystemCallInterface.choices).")
  var abi: Machine.SystemCallInterface = .native

  @OptionGroup var dump: DumpOptions

  func run() throws {
    Showing.run(orSay: "the system calls cannot be followed", dump: dump, needsImage: false) { kernel, progress in
      progress("following the system calls")
      let report = SyscallsReport(try SystemCallMap(of: abi, in: kernel))
      return (format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, report.status)
    }
  }
}

extension Machine.SystemCallInterface: ExpressibleByArgument {}
