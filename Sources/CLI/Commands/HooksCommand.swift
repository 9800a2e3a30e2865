internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe hooks`: by whom else than the kernel's own image the kernel's course is watched or altered.
struct HooksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hooks", abstract: "Show every hook: code outside the kernel's own image that the kernel calls.",
    usage: "liveprobe hooks [<options>]",
    discussion: """
      Lists everything that calls code outside the kernel's own image, or redirects the kernel's calls: the function tracer, \
      direct calls, live patches, probes, tracepoints, notifier chains, and redirected system calls. Names the owner of each \
      function, and who vouches for it: the vendor, another package or key, or no one. Requires root unless --image is given.

      Exit status: 0 nothing wrong, 1 a module is called that no one vouches for, 2 a hidden module or unowned code is called, \
      or calls are redirected that must not be, 3 a part could not be read.
      """)

  enum Extent: String, EnumerableFlag {
    case foreign, all

    static func help(for value: Extent) -> ArgumentHelp? {
      switch value {
      case .foreign: "Leave out what came with the kernel."
      case .all: "Show everything, including the kernel's own functions at tracepoints."
      }
    }
  }

  @Flag(exclusivity: .exclusive)
  var extent: Extent = .foreign

  @OptionGroup var deepening: DeepOptions

  @OptionGroup var options: Showing.Options

  func run() throws {
    Showing.run(
      orSay: "the hooks cannot be listed", dump: options.dump, reference: options.reference, needsImage: true
    ) {
      kernel, progress in
      progress("reading the hooks")
      let hooks = try Hooks(of: kernel, slabLimit: deepening.bytes)
      let report = HooksReport(
        extent == .all ? hooks : hooks.foreign, theme: Terminal.wantsColour(.standardOutput) ? .colour : .plain)
      return (options.format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, report.status)
    }
  }
}
