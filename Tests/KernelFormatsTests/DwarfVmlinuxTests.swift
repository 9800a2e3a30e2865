import Glibc
import KernelModel
import Testing

@testable import KernelFormats

/// A kernel's DWARF against what its build made of it: a `vmlinux` with both, uncompressed, that `LIVEPROBE_TEST_DWARF`
/// names.
@Suite(.enabled(if: getenv("LIVEPROBE_TEST_DWARF") != nil, "no vmlinux with BTF and DWARF: LIVEPROBE_TEST_DWARF"))
struct DwarfVmlinuxTests {
  @Test func `each structure is laid out as the kernel's own types say`() throws {
    let path = String(cString: try #require(getenv("LIVEPROBE_TEST_DWARF")))
    let image = try #require(DistributionVmlinux(name: "vmlinux", path: path))
    let own = try BTF(try #require(image.section(".BTF")).bytes)
    let section = try DwarfTypes.btf(try DwarfSections { image.section($0)?.bytes })
    let contents = VendorObject.Contents(copying: section)
    let made = try BTF(contents.bytes, owner: contents)
    var compared = (structures: 0, members: 0, functions: 0)
    var absent: [String] = []
    // Some names are of several structures of one size, of which either is as good.
    var seen: [String: Int] = [:]
    for start in own.starts { seen[own.text(BTFType(own.types, at: Int(start)).nameOffset), default: 0] += 1 }
    for start in own.starts {
      let type = BTFType(own.types, at: Int(start))
      let name = own.text(type.nameOffset)
      guard !name.isEmpty, seen[name] == 1 || type.kind == .function,
        type.kind == .structure || type.kind == .union, let structure = own.structure(name)
      else {
        if type.kind == .function, compared.functions < 200 {
          compared.functions += 1
          let said = made.parameters(ofFunctions: name)
          #expect(said.isEmpty || !Set(said).isDisjoint(with: own.parameters(ofFunctions: name)), "\(name): \(said)")
        }
        continue
      }
      guard let other = made.structure(name) else {
        absent.append(name)
        continue
      }
      #expect(structure.byteCount == other.byteCount, "\(name)")
      compared.structures += 1
      for index in 0..<type.elementCount {
        let member = own.text(type.member(index).nameOffset)
        guard !member.isEmpty else { continue }
        #expect(structure.member(member) == other.member(member), "\(name).\(member)")
        compared.members += 1
      }
    }
    #expect(compared.structures > 1000 && absent.count * 50 < compared.structures, "\(compared), not: \(absent)")
  }
}
