import KernelFormats
import KernelModel
import Testing

@Suite struct OperationDecoderTests {
  private let address = KernelAddress(0xffff_ffff_8100_0000)

  private func decode(_ bytes: [UInt8]) throws -> KernelFormats.Operation? {
    try X86_64.Disassembler().operation(bytes.span, at: address)
  }

  @Test func `what a dispatcher is made of is decoded`() throws {
    // cmp esi, 0x1d7
    let compare = try #require(try decode([0x81, 0xfe, 0xd7, 0x01, 0, 0]))
    #expect(compare.kind == .compare)
    #expect(compare.operands == [.register(.init(6, byteCount: 4)), .immediate(0x1d7)])
    // ja +0x10
    let jump = try #require(try decode([0x0f, 0x87, 0x10, 0, 0, 0]))
    #expect(jump.kind == .jumpIf(.above))
    #expect(jump.operands == [.immediate(0xffff_ffff_8100_0016)])
    // jbe -2, the short form
    #expect(try decode([0x76, 0xfe])?.kind == .jumpIf(.notAbove))
    // jmp [rax*8 - 0x7e000000]
    let table = try #require(try decode([0x3e, 0xff, 0x24, 0xc5, 0, 0, 0, 0x82]))
    #expect(table.kind == .jump)
    guard case .memory(let memory)? = table.operands.first else { throw Missing() }
    #expect(memory.base == nil && memory.index == 0 && memory.scale == 8)
    #expect(memory.displacement == 0xffff_ffff_8200_0000 && !memory.hasSegmentBase)
    // movsxd rax, [rcx + rax*4]
    #expect(try decode([0x48, 0x63, 0x04, 0x81])?.kind == .copySigned)
    // cdqe
    #expect(try decode([0x48, 0x98])?.operands == [.register(.init(0)), .register(.init(0, byteCount: 4))])
    // call, ret, int3, ud2, endbr64, a long nop
    #expect(try decode([0xe8, 0, 0, 0, 0])?.kind == .call)
    #expect(try decode([0xc3])?.kind == .returns)
    #expect(try decode([0xcc])?.kind == .breakpoint)
    #expect(try decode([0x0f, 0x0b])?.kind == .stops)
    #expect(try decode([0xf3, 0x0f, 0x1e, 0xfa])?.kind == .nothing)
    #expect(try decode([0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0])?.kind == .nothing)
  }

  @Test func `what is not followed says what it changes`() throws {
    // bswap ecx; imul rdx, rbx; mov eax, gs:[rip]
    #expect(try decode([0x0f, 0xc9])?.written == 1 << 1)
    let product = try #require(try decode([0x48, 0x0f, 0xaf, 0xd3]))
    #expect(product.kind == .other && product.written == 1 << 2 && product.writesFlags)
    let perCPU = try #require(try decode([0x65, 0x8b, 0x05, 0, 0, 0, 0]))
    guard case .memory(let memory)? = perCPU.operands.last else { throw Missing() }
    #expect(memory.hasSegmentBase)
    // sar qword ptr gs:[rip], 5
    #expect(try decode([0x65, 0x48, 0xc1, 0x3d, 0, 0, 0, 0, 0x05])?.written == 0)
  }

  @Test func `parts of an instruction are none, and random bytes never trap`() throws {
    #expect(try decode([]) == nil)
    #expect(try decode([0xe8, 0, 0]) == nil)
    var generator = SystemRandomNumberGenerator()
    let disassembler = try X86_64.Disassembler()
    for _ in 0..<20_000 {
      let bytes = (0..<15).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if let operation = disassembler.operation(bytes.span, at: address) {
        #expect((1...15).contains(operation.byteCount))
      }
    }
  }

  private struct Missing: Error {}
}
