internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe hooks`: by whom else than the kernel's own image the kernel's course is watched or altered.
struct HooksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hooks", abstract: "Show who else than the kernel itself is called where it runs.",
    discussion: """
      Lists everything by which other code than the kernel's own image is called, or says where the kernel's calls go \
      on: the function tracer, direct calls, live patches, probes, tracepoints, notifier chains, and system calls that \
      lead elsewhere. Says whose code each is, and who vouches for it: the vendor, another package or key, or nobody. \
      Needs root.

      Exit status: 0 if nothing is wrong with it, 1 if a module is called that nobody vouches for, 2 if one hides or \
      nobody owns the code, or if calls are redirected that must not be, 3 if a part could not be asked.
      """)

  enum Extent: String, EnumerableFlag {
    case foreign, all

    static func help(for value: Extent) -> ArgumentHelp? {
      switch value {
      case .foreign: "Leave out what came with the kernel."
      case .all: "Show everything, and the kernel's own functions at tracepoints."
      }
    }
  }

  @Flag(exclusivity: .exclusive)
  var extent: Extent = .foreign

  @OptionGroup var options: Showing.Options

  func run() throws {
    Showing.run(
      orSay: "who is called cannot be told", dump: options.dump, reference: options.reference, needsImage: true
    ) {
      kernel, progress in
      progress("asking who is called")
      let hooks = try Hooks(of: kernel)
      let report = HooksReport(
        extent == .all ? hooks : hooks.foreign, theme: Terminal.wantsColour(.standardOutput) ? .colour : .plain)
      return (options.format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, report.status)
    }
  }
}
