import KernelObjects
import TestKernel
import Testing

/// The names in the texts of the kernel's own lists, as Debian's kernels print them.
@Suite struct ToldRowTests {
  private func told(_ name: String, _ text: String) throws -> [String: Int] {
    try #require(ToldRow.rows.first { $0.name == name }).told(text)
  }

  @Test func `file systems, disciplines, consoles and protocols are told by their names`() throws {
    #expect(try told("file systems", "nodev\tsysfs\n\text4\nnodev\tbpf") == ["sysfs": 1, "ext4": 1, "bpf": 1])
    #expect(try told("line disciplines", "n_tty       0\nn_null     27") == ["n_tty": 1, "n_null": 1])
    #expect(
      try told("consoles", "ttyS0                -W- (EC p a)    4:64\ntty0 -WU (E)") == ["ttyS0": 1, "tty0": 1])
    #expect(
      try told(
        "socket protocols",
        "protocol  size sockets  memory press maxhdr  slab module\nUDP-Lite-6 1344 0 -1 NI\nPING 1 2 -1 no")
        == ["UDP-Lite-6": 1, "PING": 1])
    #expect(try told("congestion control", "reno cubic") == ["reno": 1, "cubic": 1])
    #expect(try told("upper layers of TCP", "") == [:])
    #expect(try told("security modules", "lockdown,capability,yama") == ["lockdown": 1, "capability": 1, "yama": 1])
    #expect(try told("security hooks", "capability") == ["capability": 1])
    #expect(try told("numbers of security modules", "100\n109") == ["100": 1, "109": 1])
  }

  @Test func `devices are told by number and name, in two parts of one file`() throws {
    let text = "Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 tty\n\nBlock devices:\n259 blkext\n  8 sd"
    #expect(try told("character devices", text) == ["1 mem": 1, "4 /dev/vc/0": 1, "4 tty": 2])
    #expect(try told("block devices", text) == ["259 blkext": 1, "8 sd": 1])
    #expect(try told("block devices", "Character devices:\n  1 mem") == [:])
    #expect(try told("miscellaneous devices", "58 my  own\n144 nvram") == ["58 my own": 1, "144 nvram": 1])
  }

  @Test func `a terminal's driver is told by its device and number, whatever it is called`() throws {
    let text = """
      /dev/tty             /dev/tty        5       0 system:/dev/tty
      my own driver        /dev/ttyS       4 64-95 serial
      pty_slave            /dev/pts      136 0-1048575 pty:slave
      """
    #expect(try told("terminal drivers", text) == ["/dev/tty 5": 1, "/dev/ttyS 4": 1, "/dev/pts 136": 1])
  }

  @Test func `input handlers and devices are told without what stands around their names`() throws {
    #expect(
      try told(
        "input handlers",
        "N: Number=0 Name=sysrq (filter)\nN: Number=1 Name=my own\nN: Number=2 Name=evdev Minor=64\nN: Number=3 Name=a (filter) Minor=1"
      ) == ["sysrq": 1, "my own": 1, "evdev": 1, "a": 1])
    #expect(
      try told("input devices", "I: Bus=0019\nN: Name=\"Power \"Button\" \"\nP: Phys=x\n\nI: Bus\nN: Name=\"Mouse\"")
        == ["Power \"Button\"": 1, "Mouse": 1])
  }

  @Test func `packet types are those of no device, and devices end at a colon`() throws {
    let text =
      "Type Device      Function\nALL           tpacket_rcv\n0800          ip_rcv\nALL  eth0     packet_rcv [af_packet]\n0800          evil [mod]"
    #expect(try told("packet types", text) == ["ALL": 1, "0800": 2])
    #expect(
      try told("network devices", "Inter-|\n face |bytes\n    lo: 1 2\nenp0s3.5:12345678") == ["lo": 1, "enp0s3.5": 1])
  }

  @Test func `any text is read to its end`() {
    let texts = ["", "\n", "N:", "Character devices:", "\"", ":", "\u{0}\u{1}\r\n", "  ", "N: Name=\"", "a\tb c\td e"]
    for row in ToldRow.rows {
      for text in texts { #expect(row.told(text + "\n" + text).count <= 8) }
    }
  }
}
