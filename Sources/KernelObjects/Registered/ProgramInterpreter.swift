internal import KernelFormats
package import KernelModel

/// A program that starts files of a format, as binfmt_misc has it registered.
package struct ProgramInterpreter: Hashable {
  package let name: String
  /// Its path, where it was registered: with `F` in the mount namespace of whoever registered it.
  package let path: String
  /// `offset 0, magic 7f454c46, mask ffffffff`, or `extension exe`.
  package let format: String
  /// `POCF`, as the file of the entry shows them.
  package let flags: String
  package let isEnabled: Bool
  /// Where the entry lies.
  package let address: UInt64
  /// The device of the file system that shows it, as `stat` has it: `0:44`; nil where none does.
  package let device: String?

  /// Whether it runs with the rights of the file that it is started for.
  package var hasFilesRights: Bool { flags.utf8.contains(UInt8(ascii: "C")) }
  /// Whether its file was opened when it was registered: what is put in its place later is not run.
  package var isOpen: Bool { flags.utf8.contains(UInt8(ascii: "F")) }

  /// All of the host's own, each once, in no order; none while binfmt_misc has none.
  ///
  /// The kernel finds them by a list. Since v6.7 each user namespace may have one, and the host's own is at `init_user_ns`; before, its head
  /// is a variable of a module. There each is found by the inode of its file, which the file system keeps as long as the entry is registered.
  ///
  /// Source: fs/binfmt_misc.c: `Node`, bm_register_write(), bm_evict_inode(); `struct binfmt_misc` in include/linux/binfmts.h since Linux
  /// kernel commit 21ca59b365c0 ("binfmt_misc: enable sandboxed mounts") (in v6.7) (Linux v5.10 to v7.2).
  package static func all(_ snapshot: Snapshot) throws(CannotCheck) -> [ProgramInterpreter] {
    let first = try snapshot.object("user_namespace", named: "init_user_ns")
    var nodes: [UInt64] = []
    var device: String?
    for block in try snapshot.list(
      at: "super_blocks", linkedBy: "s_list", of: "super_block", limit: RegisteredWalk.most)
    {
      guard let kind = try block.target("s_type"), Registration.text("name", of: kind) == "binfmt_misc" else {
        continue
      }
      if let first, let owner = try block.valueIfAny("s_user_ns"), owner != first.address { continue }
      let number: UInt32 = try block["s_dev"]
      // Twenty bits for the minor number: include/linux/kdev_t.h.
      device = "\(number >> 20):\(number & 0xf_ffff)"
      for inode in try snapshot.list(
        at: block.address(of: "s_inodes"), linkedBy: "i_sb_list", of: "inode", limit: most)
      {
        let node: UInt64 = try inode["i_private"]
        if node != 0 { nodes.append(node) }
      }
    }
    if let own = try first?.valueIfAny("binfmt_misc"), own != 0 {
      let head = try snapshot.object("binfmt_misc", at: own).address(of: "entries")
      nodes += try snapshot.list(at: head, linkedBy: "next", of: "list_head", limit: most).map(\.address)
    }
    var seen: Set<UInt64> = []
    var found: [ProgramInterpreter] = []
    for node in nodes where seen.insert(node).inserted {
      // One that was taken off the list is kept while its file is open, and starts nothing.
      guard try snapshot.load(UInt64.self, at: node) != node else { continue }
      found.append(try ProgramInterpreter(at: node, on: device, snapshot))
    }
    return found
  }

  /// More than a host has.
  private static let most = 4096
  /// MAX_REGISTER_LENGTH, and what the kernel adds.
  private static let mostBytes: UInt64 = 1920 + 8
  /// BINPRM_BUF_SIZE.
  private static let mostMagicBytes: UInt64 = 256

  /// Enabled and Magic, and the flags, of which the highest is the sign of an `int` before v6.7.
  private static let knownBits: UInt64 = 0xf000_0003
  private static let signBits: UInt64 = 0xffff_ffff_8000_0000

  /// What a `Node` holds.
  ///
  /// It has a type in the module's information only. Its members are these since v4.8; its text lies behind it, in the same piece of
  /// memory: where that is not so, it is laid out otherwise.
  private init(at address: UInt64, on device: String?, _ snapshot: Snapshot) throws(CannotCheck) {
    func word(_ offset: UInt64) throws(CannotCheck) -> UInt64 { try snapshot.load(UInt64.self, at: address &+ offset) }
    let flags = try word(16)
    let (offset, size) = (try word(24) & 0xffff_ffff, try word(24) >> 32)
    let (magic, mask, path, name) = (try word(32), try word(40), try word(48), try word(56))
    let hasMagic = flags & 2 != 0
    func isInside(_ text: UInt64) -> Bool { text &- address >= 72 && text &- address < 128 + Self.mostBytes }
    let isSigned = flags & Self.signBits == Self.signBits
    guard flags & ~Self.knownBits & (isSigned ? 0xffff_ffff : .max) == 0, isInside(magic), isInside(path),
      isInside(name), mask == 0 || isInside(mask),
      !hasMagic || (size > 0 && size <= Self.mostMagicBytes && offset <= Self.mostMagicBytes)
    else {
      // It may be of one that was just freed.
      throw .torn("the entry of binfmt_misc at \(KernelAddress(address))", "is laid out in an unknown way")
    }
    self.address = address
    self.device = device
    self.name = try Self.text(at: name, snapshot)
    self.path = try Self.text(at: path, snapshot)
    isEnabled = flags & 1 != 0
    var letters = ""
    for (bit, letter) in [(31, "P"), (30, "O"), (29, "C"), (28, "F")] where flags >> UInt64(bit) & 1 == 1 {
      letters += letter
    }
    self.flags = letters
    guard hasMagic else {
      format = "extension \(try Self.text(at: magic, snapshot))"
      return
    }
    func digits(_ place: UInt64) throws(CannotCheck) -> String {
      try snapshot.bytes(at: place, count: Int(size)).hexadecimal()
    }
    format = try "offset \(offset), magic \(digits(magic))" + (mask == 0 ? "" : ", mask \(digits(mask))")
  }

  /// Of at most as many bytes as can be registered.
  private static func text(at address: UInt64, _ snapshot: Snapshot) throws(CannotCheck) -> String {
    var bytes: [UInt8] = []
    while bytes.count < Int(mostBytes) {
      let byte = try snapshot.load(UInt8.self, at: address &+ UInt64(bytes.count))
      if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    throw .torn("the text at \(KernelAddress(address))", "has no end")
  }
}
