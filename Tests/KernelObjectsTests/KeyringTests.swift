import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct KeyringTests {
  private let kernel: TestObjects

  init() throws {
    kernel = try TestObjects(ObjectTypes.bytes)
  }

  private func key(_ name: String, _ bytes: [UInt8]) -> TestObjects.Object {
    let place = kernel.make("xa_node").address
    kernel.memory.write(bytes, at: KernelAddress(place))
    let material = kernel.make("public_key") {
      $0["keylen"] = UInt64(bytes.count)
      $0["key"] = place
    }
    let text = kernel.make("thing")
    text.set("name", to: name)
    return kernel.make("key") {
      $0["description"] = text.place(of: "name")
      $0["payload.data"] = material.address
    }
  }

  /// A node with these pointers, as a pointer.
  private func node(_ slots: [UInt64]) -> UInt64 {
    let node = kernel.make("assoc_array_node")
    for (slot, pointer) in slots.enumerated() {
      kernel.memory.write(pointer, at: KernelAddress(node.place(of: "slots") + UInt64(slot) * 8))
    }
    return node.address | 1
  }

  private func shortcut(to pointer: UInt64) -> UInt64 {
    kernel.make("assoc_array_shortcut") { $0["next_node"] = pointer }.address | 3
  }

  private func keyring(_ root: UInt64) -> TestObjects.Object { kernel.make("key") { $0["keys.root"] = root } }

  private func walk(_ keyring: TestObjects.Object) throws -> Walk<UInt64> {
    try Keyring(kernel.snapshot.object("key", at: keyring.address)).keys.map(\.address)
  }

  private func publicKey(of key: TestObjects.Object) throws -> PublicKey? {
    try PublicKey(of: kernel.snapshot.object("key", at: key.address))
  }

  @Test func `the keys of a keyring and of those linked to it are told`() throws {
    #expect(try walk(keyring(0)).whole() == [])
    let keys = (0..<4).map { key("key \($0)", [UInt8($0), 1, 2]) }
    #expect(try walk(keyring(keys[0].address)).whole() == [keys[0].address])
    let linked = keyring(node([keys[2].address, keys[3].address]))
    let ring = keyring(node([keys[0].address, shortcut(to: node([0, keys[1].address])), linked.address | 2]))
    #expect(try walk(ring).whole() == keys.map(\.address))
    let material = try keys.compactMap { try publicKey(of: $0) }
    #expect(material.map(\.description) == (0..<4).map { "key \($0)" })
    #expect(material.map(\.bytes) == (0..<4).map { [UInt8($0), 1, 2] })
  }

  @Test func `keyrings that are linked to each other, and nodes that lead back, end`() throws {
    let one = key("one", [1])
    let first = keyring(0)
    let second = keyring(node([first.address | 2, one.address]))
    first["keys.root"] = node([second.address | 2])
    #expect(try walk(first).whole() == [one.address])
    let loop = node([one.address])
    kernel.memory.write(loop, at: KernelAddress(loop - 1 + 16 + 8))
    #expect(try walk(keyring(loop)).whole() == [one.address])
  }

  @Test func `what was reached before memory ends is told, but is not the whole`() throws {
    let one = key("one", [1])
    let ring = try walk(keyring(node([one.address, 0xffff_1000_0000_0001])))
    #expect(ring.elements == [one.address])
    #expect(ring.obstacle == .memoryUnreadable(.absent(KernelAddress(0xffff_1000_0000_0000))))
    // More nodes than any keyring has.
    var top = one.address
    for _ in 0..<4100 { top = node([top]) }
    #expect(throws: CannotCheck.self) { try walk(keyring(top)).whole() }
  }

  @Test func `a key without material of a reasonable size is no public key`() throws {
    let none = kernel.make("key")
    #expect(try publicKey(of: none) == nil)
    for count: UInt64 in [0, 4097, 0xffff_ffff] {
      let one = key("one", [1])
      kernel.memory.write(UInt32(count), at: KernelAddress(one["payload.data"]))
      #expect(try publicKey(of: one) == nil)
    }
    let lost = key("lost", [1])
    lost["payload.data"] = 0xffff_1000_0000_0000
    #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(0xffff_1000_0000_0000)))) {
      try publicKey(of: lost)
    }
  }
}
