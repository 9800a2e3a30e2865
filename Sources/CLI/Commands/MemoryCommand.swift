internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe memory`: one place of kernel memory, as an analyst looks at it.
struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Show a place of kernel memory: whose it is, its bytes, code and strings.",
    discussion: """
      What crash's 'rd', 'sym' and 'vtop' tell, and what lies around: the owner, the page and its permissions, bytes and \
      instructions at the place, the run of mapped pages it is in, the runs that nobody owns and that the code refers \
      to, the strings in all of them, and the families that are known for such strings. Compares with nothing: that is \
      what 'liveprobe scan' does. Needs root.

      Exit status: 0 if there is memory to show, 3 if not.
      """)

  @Argument(help: "An address or a name: 0xffffffffc0268000, vfs_read+0x10, 'hack_read [hooked]'.")
  var place: SiteQuery

  @Option(help: "How far to look around, each way: bytes, or with K or M.")
  var around = ByteCount(bytes: 64 << 10)

  @Option(help: "How to say it.")
  var format: Format = .text

  @OptionGroup var dump: DumpOptions

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  func run() throws {
    Showing.run(orSay: "the memory cannot be shown", dump: dump, needsImage: false) { kernel, progress in
      let address = try place.address(in: kernel)
      progress("looking around")
      let forensics = Forensics(around: around.bytes) { SignatureRules.shippedOrNone() }
      let report = MemoryReport(
        place: place.description, address: address, owner: kernel.owner(of: address),
        mapping: kernel.mappings.mapping(of: address), neighbourhood: forensics.neighbourhood(of: address, in: kernel))
      let theme: Theme = Terminal.wantsColour(.standardOutput) ? .colour : .plain
      return (format == .json ? report.json(toolVersion: Liveprobe.version) : report.text(theme), report.status)
    }
  }
}
