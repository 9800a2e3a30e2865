package import KernelModel

/// A dispatcher of system calls as compilers make it of a `switch`: comparisons, and two kinds of jump tables.
extension TestKernel {
  /// Where the numbers 8 to 63 are looked up: addresses, 8 bytes each.
  ///
  /// Those of the 32-bit dispatcher lie 0x800 above.
  package static let jumpTable = KernelAddress(0xffff_ffff_8101_6000)
  /// Where the numbers from 64 on are looked up: 4 bytes each, relative to the table itself.
  package static let relativeJumpTable = KernelAddress(0xffff_ffff_8101_7000)

  /// Where the dispatcher's own jump to the handler of `number` stands.
  package static func stub(_ number: Int, of dispatcher: KernelAddress = dispatcher) -> KernelAddress {
    KernelAddress(dispatcher.rawValue + 0x200 + UInt64(number) * 5)
  }

  /// `endbr64; nop; cmp esi, 119; ja none; cmp esi, 8; jb low; cmp esi, 64; jae high; jmp [rsi*8 + table]`, and so on.
  func addDispatcher(_ name: String, at start: KernelAddress, handler: (Int) -> KernelAddress) {
    let offset: UInt64 = start == Self.dispatcher ? 0 : 0x800
    let table = KernelAddress(Self.jumpTable.rawValue + offset)
    let relative = KernelAddress(Self.relativeJumpTable.rawValue + offset)
    var code = CodeBuilder(at: start)
    code.add([0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x1f, 0x44, 0x00, 0x00])
    code.add([0x83, 0xfe, UInt8(Self.callCount - 1)])
    let none = code.jump(if: 7)
    code.add([0x83, 0xfe, 8])
    let low = code.jump(if: 2)
    code.add([0x83, 0xfe, 64])
    let high = code.jump(if: 3)
    code.add([0x89, 0xf6, 0x3e, 0xff, 0x24, 0xf5] + MachineCode.little(UInt32(truncatingIfNeeded: table.rawValue)))
    code.land(high)
    // lea eax, [rsi - 64]; mov rcx, relative; movsxd rax, [rcx + rax*4]; add rax, rcx; jmp rax
    code.add([0x8d, 0x46, 0xc0])
    code.add([0x48, 0xc7, 0xc1] + MachineCode.little(UInt32(truncatingIfNeeded: relative.rawValue)))
    code.add([0x48, 0x63, 0x04, 0x81, 0x48, 0x01, 0xc8, 0x3e, 0xff, 0xe0])
    code.land(low)
    for number in 0..<7 {
      code.add([0x83, 0xfe, UInt8(number)])
      let next = code.jump(if: 5)
      code.branch(0xe9, to: Self.stub(number, of: start))
      code.land(next)
    }
    code.branch(0xe9, to: Self.stub(7, of: start))
    code.land(none)
    code.add([0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3])
    memory.write(code.bytes, at: start)
    for number in 0..<Self.callCount {
      let stub = Self.stub(number, of: start)
      memory.write(MachineCode.branch(0xe9, to: handler(number), at: stub.rawValue), at: stub)
      if number >= 64 {
        memory.write(
          UInt32(truncatingIfNeeded: stub.rawValue &- relative.rawValue),
          at: KernelAddress(relative.rawValue + UInt64(number - 64) * 4))
      } else {
        memory.write(stub.rawValue, at: KernelAddress(table.rawValue + UInt64(number) * 8))
      }
    }
    add(name, start)
    add("after_\(name)", KernelAddress(start.rawValue + 0x800))
  }

  /// The vendor's image of this kernel as it is now.
  var vendorObject: VendorObject? {
    let region = MemoryRegion(from: Self.textStart, to: Self.imageEnd)
    do throws(MemoryFault) {
      let bytes = try memory.bytes(at: region.start, count: Int(region.byteCount))
      let section = VendorObject.Section(
        name: ".text", type: 1, flags: 6, address: region.start.rawValue, byteCount: region.byteCount,
        fileRange: 0..<bytes.count)
      return VendorObject(
        source: "/boot/vmlinuz-test", buildID: buildID, sections: [section], contents: .init(copying: bytes))
    } catch {
      return nil  // a test that withholds memory has no image
    }
  }
}
