/// Files that people give for dumps and that are none, told by what they begin with, and what to do instead.
enum ForeignForm {
  /// Bytes of a file that are looked at.
  static let byteCount = 512

  private static let dumpInstead =
    "have QEMU write a dump: virsh dump --memory-only, or dump-guest-memory in its monitor"

  /// Sources: qemu_savevm_state_header() in migration/savevm.c, block/qcow2.h (QEMU 7.2); src/qemu/qemu_saveimage.h (libvirt 9.0);
  /// vmss2core 2.0 (VMware's flings), and volatility3's framework/layers/vmware.py 2.5; DUMP_HEADER64 of Windows.
  private static let known: [(magic: [UInt8], offset: Int, name: String, remedy: String)] = [
    (Array("QEVM".utf8), 0, "the state of a QEMU machine (savevm, migration)", dumpInstead),
    (Array("LibvirtQemudSave".utf8), 0, "what virsh save writes", dumpInstead),
    (Array("LibvirtQemudPart".utf8), 0, "what virsh save wrote in part", dumpInstead),
    (Array("QFI\u{fb}".unicodeScalars.map { UInt8($0.value) }), 0, "a disk image (qcow2)", "give a dump of memory"),
    (Array("KDMV".utf8), 0, "a disk image (VMDK)", "give the machine's .vmem"),
    (Array("PAGEDU64".utf8), 0, "a crash dump of Windows", "give a dump of a Linux kernel"),
    (Array("PAGEDUMP".utf8), 0, "a crash dump of Windows", "give a dump of a Linux kernel"),
    (Array("PK\u{3}\u{4}".utf8), 0, "a zip archive", "unpack it first"),
    ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 0, "a 7z archive", "unpack it first"),
    (Array("ustar".utf8), 257, "a tar archive", "unpack it first"),
    (Array("hibr".utf8), 0, "a hibernation file of Windows", "give a dump of a Linux kernel"),
  ]

  /// What it is; nil if it may be memory.
  static func of(_ start: [UInt8]) -> (name: String, remedy: String)? {
    if let found = known.first(where: { start.dropFirst($0.offset).starts(with: $0.magic) }) {
      return (found.name, found.remedy)
    }
    if isVMwareState(start) {
      return (
        "VMware's state of a machine without its memory (.vmss, .vmsn)",
        "give the .vmem beside it; where there is none, vmss2core -N makes a dump of it"
      )
    }
    if isText(start) {
      return ("a text", "give it with --log, if it is the kernel's own words (liveprobe crash --log FILE)")
    }
    return nil
  }

  /// 0xbed2bed0, 0xbad1bad1, 0xbed2bed2 or 0xbed3bed3, lowest byte first.
  private static func isVMwareState(_ start: [UInt8]) -> Bool {
    let magics: [[UInt8]] = [
      [0xd0, 0xbe, 0xd2, 0xbe], [0xd1, 0xba, 0xd1, 0xba], [0xd2, 0xbe, 0xd2, 0xbe], [0xd3, 0xbe, 0xd3, 0xbe],
    ]
    return magics.contains { start.starts(with: $0) }
  }

  /// Whether there is nothing but letters, spaces and ends of lines; the first page of memory is not like that.
  private static func isText(_ start: [UInt8]) -> Bool {
    start.count >= 16
      && start.allSatisfy { (0x20...0x7e).contains($0) || (0x09...0x0d).contains($0) || $0 == 0x1b || $0 >= 0x80 }
      && start.contains(0x0a) && start.filter { $0 >= 0x80 }.count < start.count / 2
  }
}
