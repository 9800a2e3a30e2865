package import KernelModel

/// A module that a ``TestTextKernel`` has loaded: where it lies, and what lies there.
package struct TestTextModule {
  /// Of the kernel's `struct module`.
  package var structure: UInt64
  package var name: String
  /// Where its code, data, constants, and data that is written once lie, a page each: `enum mod_mem_type`.
  package var memory: [UInt64]

  package init(structure: UInt64, name: String, memory: [UInt64]) {
    self.structure = structure
    self.name = name
    self.memory = memory
  }

  package static let sample = TestTextModule(
    structure: TestTextKernel.heap + 0x1000, name: "sample",
    memory: [
      0xffff_ffff_c000_0000, 0xffff_ffff_c000_3000, 0xffff_ffff_c000_2000, 0xffff_ffff_c000_4000,
    ])

  package var code: KernelAddress { KernelAddress(memory[0]) }
  package var constants: KernelAddress { KernelAddress(memory[2]) }

  /// Where the sections of initialisation were: a place that only the module's constants remember.
  package static let initialisation: UInt64 = 0xffff_ffff_c001_0000
}

extension TestTextKernel {
  /// Puts ``TestTextModule/sample`` into memory, on the kernel's list, and where its file is found.
  package func loadSample() {
    let module = TestTextModule.sample
    put(module)
    list([module])
    // sample_read is not traced: a second run of records, behind the kernel's own.
    memory.write(UInt64(0), at: KernelAddress(Self.heap + 0x600))
    memory.write(Self.heap + 0x620, at: KernelAddress(Self.heap + 0x608))
    memory.write(UInt64(1), at: KernelAddress(Self.heap + 0x610))
    memory.write(module.memory[0], at: KernelAddress(Self.heap + 0x620))
    memory.write(UInt64(0), at: KernelAddress(Self.heap + 0x628))
    memory.write(Self.heap + 0x600, at: KernelAddress(Self.heap))
    modules.append(ModuleClaim(name: module.name, byteCount: 4096, base: module.code))
    add("sample_read", module.code, module: module.name)
    add("sample_exit", KernelAddress(module.memory[0] + 0x20), module: module.name)
    reference.moduleObjects[module.name] = TestVendorModule().file.object
  }

  /// Puts the module's code and constants where it lies, for a kernel that was moved as this one.
  package func put(_ module: TestTextModule) {
    for base in module.memory where base != 0 {
      memory.map(MemoryRegion(start: KernelAddress(base), byteCount: 4096))
    }
    mappings.permissions.append((MemoryRegion(start: module.code, byteCount: 4096), false, true))
    // Nobody traces it; mov $0xffffffffc0002000, %rdi; call 0xffffffff81200480; the key is on; a return.
    memory.write(
      hex("0f 1f 44 00 00 48 c7 c7 00 20 00 c0 e8 6f 04 20 c1 e9 0a 00 00 00 c3 cc cc cc cc cc cc cc cc cc")
        + hex("31 c0 c3"), at: module.code)
    memory.write(
      Array("sample\0\0".utf8) + little(module.memory[0]) + little(TestTextModule.initialisation)
        + little(module.memory[0]), at: module.constants)
    // The site of the return, 0x200a bytes below this distance; and the build id.
    memory.write(hex("f6 df ff ff") + Array(1...16), at: KernelAddress(module.memory[2] + 0x20))
  }

  /// Makes the kernel's list hold these modules and no other.
  package func list(_ all: [TestTextModule]) {
    let head = Self.live(TestVendorKernel.Variable.modules)
    let links = [head.rawValue] + all.map { $0.structure + 8 }
    for (index, link) in links.enumerated() {
      memory.write(links[(index + 1) % links.count], at: KernelAddress(link))
    }
    for module in all {
      memory.write(UInt32(0), at: KernelAddress(module.structure))
      memory.write(string: module.name, at: KernelAddress(module.structure + 24))
      for (kind, base) in module.memory.enumerated() {
        memory.write(base, at: KernelAddress(module.structure + 80 + UInt64(kind) * 16))
        memory.write(UInt32(base == 0 ? 0 : 4096), at: KernelAddress(module.structure + 88 + UInt64(kind) * 16))
      }
    }
  }
}
