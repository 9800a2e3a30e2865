internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe memory`: one place of kernel memory, as an analyst looks at it.
struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Show an address in kernel memory: owner, bytes, code and strings.",
    usage: "liveprobe memory <place> [<options>]",
    discussion: """
      Shows what crash's 'rd', 'sym' and 'vtop' show, and the surroundings: the owner, the page and its permissions, bytes \
      and instructions at the address, the run of mapped pages around it, unowned memory that its code refers to, the strings \
      in all of these, and known malware with such strings. Does not compare with the vendor's kernel: use 'liveprobe scan' \
      for that. Requires root unless --image is given.

      Exit status: 0 shown, 3 there is no memory at the address, or it could not be read.
      """)

  @Argument(help: "An address or a name: 0xffffffffc0268000, vfs_read+0x10, 'hack_read [hooked]'.")
  var place: SiteQuery

  @Option(help: "Bytes to show on each side (suffix K or M).")
  var around = ByteCount(bytes: 64 << 10)

  @Option(help: "Output format.")
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
