internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe syscalls`: where each system call number really goes.
struct SyscallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "syscalls", abstract: "Show the handler that each system call number reaches.",
    usage: "liveprobe syscalls [<options>]",
    discussion: """
      Follows the kernel's own code from its entry function, for each number, as the check syscall-dispatch does, and \
      shows the handler. Does not compare with the vendor's kernel: use 'liveprobe scan' for that. Requires root unless \
      --image is given.

      Exit status: 0 every number reaches the kernel's own code, 2 one does not, 3 one could not be followed.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(help: "Output format.")
  var format: Format = .text

  @Option(help: "System call interface: \(Machine.SystemCallInterface.choices).")
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
