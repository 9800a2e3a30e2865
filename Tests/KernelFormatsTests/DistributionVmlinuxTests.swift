import Glibc
import KernelFormats
import KernelModel
import Testing

/// Decoders on the kernels of a distribution: uncompressed images, called `5.10`, `6.1`, `6.12` and `7`, in the folder
/// that `LIVEPROBE_TEST_VMLINUX_DIR` names.
@Suite(.enabled(if: !DistributionVmlinux.all.isEmpty, "no folder of uncompressed images: LIVEPROBE_TEST_VMLINUX_DIR"))
struct DistributionVmlinuxTests {
  @Test(arguments: DistributionVmlinux.all)
  func `instructions are as long as capstone says`(_ image: DistributionVmlinux) throws {
    let text = try #require(image.section(".text")).bytes
    let disassembler = try X86_64.Disassembler()
    var position = 0
    var compared = 0
    while position < 400_000 {
      let instructions = disassembler.decode(
        Array(text[position...].prefix(100_000)).span, at: KernelAddress(0xffff_ffff_8100_0000), limit: 10_000)
      for instruction in instructions.map(\.instruction) {
        let rest = UnsafeRawBufferPointer(rebasing: text[position...])
        position += instruction.bytes.count
        // capstone 4 does not know that this one has a ModRM byte.
        guard !instruction.bytes.reversed().starts(with: [0xb9, 0x0f]) else { continue }
        let length = X86_64.InstructionShape(rest)?.length
        #expect(length.map(Int.init) == instruction.bytes.count, "\(instruction.bytes)")
        compared += 1
      }
      if instructions.count < 10_000 { position += 1 }  // what capstone does not know
    }
    #expect(compared > 50_000)
  }

  @Test(arguments: DistributionVmlinux.all)
  func `type information tells where members are`(_ image: DistributionVmlinux) throws {
    let btf = try BTF(try #require(image.section(".BTF")).bytes)
    func offset(_ structure: String, _ member: String) -> Int? { btf.structure(structure)?.member(member)?.byteOffset }
    let row = try #require(["5.10", "6.1", "6.12", "7"].firstIndex(of: image.name))
    let expected: [(String, String, [Int?])] = [
      ("cpuinfo_x86", "x86_capability", [32, 40, 48, 48]),
      ("kprobe", "addr", [40, 40, 40, 40]),
      ("kprobe", "opcode", [88, 80, 80, 80]),
      ("kprobe", "flags", [128, 120, 120, 120]),
      ("optimized_kprobe", "optinsn", [152, 144, 144, 144]),
      ("ftrace_ops", "trampoline", [144, 144, 144, 128]),
      ("ftrace_page", "records", [8, 8, 8, 8]),
      ("ftrace_page", "index", [16, 16, 16, 16]),
      ("bpf_ksym", "lnode", [144, 528, 528, 528]),
      ("module", "list", [8, 8, 8, 8]),
      ("module", "name", [24, 24, 24, 24]),
      ("module", "percpu", [672, 608, 952, 968]),
      ("module", "core_layout", [384, 320, nil, nil]),
      ("module", "core_layout.text_size", [396, 332, nil, nil]),
      ("module", "mem", [nil, nil, 320, 320]),
      ("vm_struct", "caller", [56, 56, 56, 64]),
      ("kmem_cache", "name", [96, 96, 96, 88]),
      ("static_key", "entries", [8, 8, 8, 8]),  // in an anonymous union
    ]
    for (structure, member, offsets) in expected {
      #expect(offset(structure, member) == offsets[row], "\(structure).\(member)")
    }
    #expect(btf.structure("dyn_ftrace")?.byteCount == 16)
    #expect(btf.structure("cpuinfo_x86")?.member("x86_capability")?.elementByteCount == 4)
    #expect(btf.structure("task_struct")?.member("in_execve")?.bitCount == 1)
    #expect(btf.enumerationValue("mod_mem_type", "MOD_RODATA") == (row < 2 ? nil : 2))
    #expect(btf.enumerationValue(nil, "FTRACE_FL_ENABLED") == 1 << 31)
  }

  @Test(arguments: DistributionVmlinux.all)
  func `the image's own symbols are found`(_ image: DistributionVmlinux) throws {
    let data = try #require(image.section(".rodata"))
    let text = try #require(image.section(".text"))
    let kallsyms = try ImageKallsyms(data.bytes, at: data.address, text: text.address)
    #expect((90_000...250_000).contains(kallsyms.count))
    let table = kallsyms.symbolTable()
    #expect(table.count == kallsyms.count)
    func address(_ name: String) throws -> UInt64 {
      let symbols = table.symbols(named: name)
      try #require(symbols.count == 1, "\(name)")
      return symbols[0].address.rawValue
    }
    #expect(try address("_text") == text.address)
    let textEnd = try address("_etext")
    #expect(textEnd == text.address + UInt64(text.bytes.count))
    #expect(try address("__start_rodata") == data.address)
    for (start, end, byteCount) in [
      ("__start___jump_table", "__stop___jump_table", 16), ("__start_mcount_loc", "__stop_mcount_loc", 8),
    ] {
      let table = try address(start)..<address(end)
      #expect(table.count % byteCount == 0 && table.count / byteCount > 3000, "\(start)")
    }
    let jumps = try address("__start___jump_table")..<address("__stop___jump_table")
    #expect(jumps.lowerBound > data.address && jumps.upperBound <= data.address + UInt64(data.bytes.count))
    // The table of system calls holds 64-bit pointers to functions of `.text`.
    let calls = Int(try address("sys_call_table") - data.address)
    for number in 0..<300 {
      let function = data.bytes.loadUnaligned(fromByteOffset: calls + number * 8, as: UInt64.self)
      #expect((text.address..<textEnd).contains(function))
      #expect(table.symbols(at: KernelAddress(function)).contains { $0.name.contains("sys_") }, "\(number)")
    }
    // Whatever stands in the image can be asked for by its name.
    var lost = 0
    kallsyms.forEach { name, _, address in
      let name = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
      if !table.places(ofKernels: name).contains(where: { $0.address.rawValue == address }) { lost += 1 }
    }
    #expect(lost == 0)
    #expect(table.places(ofKernels: "no_such_symbol").isEmpty)
    if image.name != "5.10" { #expect(try (text.address..<textEnd).contains(address("x64_sys_call"))) }
  }
}

/// An uncompressed kernel, mapped.
final class DistributionVmlinux: CustomTestStringConvertible, Sendable {
  static let all: [DistributionVmlinux] = {
    guard let folder = getenv("LIVEPROBE_TEST_VMLINUX_DIR").map({ String(cString: $0) }) else { return [] }
    return ["5.10", "6.1", "6.12", "7"].compactMap { DistributionVmlinux(name: $0, path: "\(folder)/\($0)") }
  }()

  let name: String
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  var testDescription: String { name }

  init?(name: String, path: String) {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let byteCount = Int(lseek(file, 0, SEEK_END))
    guard let start = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else { return nil }
    self.name = name
    bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
  }

  /// The bytes and the link-time address of the section called `name`; of files that are what they should be.
  func section(_ name: String) -> (bytes: UnsafeRawBufferPointer, address: UInt64)? {
    func number(_ offset: Int) -> Int { Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    let headers = number(40)
    let counts = number(60)
    let names = number(headers + (counts >> 16) * 64 + 24)
    for header in (0..<counts & 0xffff).map({ headers + $0 * 64 }) {
      let start = names + number(header)
      guard bytes[start...].prefix(while: { $0 != 0 }).elementsEqual(name.utf8) else { continue }
      let range = number(header + 24)..<number(header + 24) + number(header + 32)
      let address = bytes.loadUnaligned(fromByteOffset: header + 16, as: UInt64.self)
      return (UnsafeRawBufferPointer(rebasing: bytes[range]), address)
    }
    return nil
  }
}
