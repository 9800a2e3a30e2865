import Audit
import KernelModel

/// A finding with a value of each kind.
extension Sample {
  /// More bytes than a line shows, and than a finding keeps.
  static let longChange = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }

  static let values: Verdict = {
    let target = KernelAddress(0xffff_ffff_c0a3_1040)
    let place = Place(symbol: "hack_read", offset: 4, module: hostileName)
    let symbol = Symbol(name: "__x64_sys_read", address: KernelAddress(0xffff_ffff_8130_0000), type: UInt8(ascii: "T"))
    let finding = Finding(
      kind: .redirection, severity: .critical, subject: Subject("vfs_read+0x0"), message: "leads astray",
      expected: .bytes(longChange), observed: "\(target, nobody())", owner: nobody(), target: target,
      evidence: [
        .init("handler", "\(symbol)"), .init("place", "\(place): \([0x55] as [UInt8]) is \([0xcc] as [UInt8])"),
        .init("lies in", "\(Owner.module(place))"), .init("table", "\(target)"),
        .init("memory", "\(MemoryRegion(start: target.pageStart, byteCount: 8192), in: .pages)"),
        .init("code", "\(MemoryRegion(start: target, byteCount: 64), in: .bytes)"),
        .init("read", "\(start: Finding.Bytes(longChange)) at byte \(7)"),
      ])
    return verdict([answer([finding])])
  }()
}
