/// The lab's own kernel module, which hooks slots of a table and passes on each call (`Tests/Lab/fixtures/hooked`).
package enum HookedModule {
  /// The functions that a hooked slot leads to, in the order of the slots.
  package static let hooks = ["hack_read", "hack_open"]
  /// The strings that lie in its memory.
  package static let names = ["hack_read", "hack_open", "disable_write_protection"]

  /// Loads the module into a guest that has it.
  ///
  /// - Parameters:
  ///   - slots: none if it should only be there.
  ///   - hidden: whether it leaves the lists of modules after that; then it stays until the guest ends.
  ///   - overflow: how many bytes a read asks for that makes the first hook overrun its stack; none if 0.
  package static func load(
    into guest: Guest, slots: [Int] = [0, 2], table: String = "sys_call_table", hidden: Bool = false, overflow: Int = 0
  ) throws(LabError) {
    guard guest.kernel.hasFixture else {
      throw LabError("\(guest.kernel) has no fixture: run Tests/Lab/build-fixtures")
    }
    var parameters = hidden ? " hide=1" : ""
    if overflow > 0 { parameters += " overflow=\(overflow)" }
    if !slots.isEmpty {
      let list = slots.map(String.init).joined(separator: ",")
      parameters += " table=\(hex(try guest.symbol(table))) slots=\(list)"
    }
    _ = try guest.output(of: "insmod /fixtures/hooked.ko\(parameters)")
    if hidden { try checkHidden(in: guest) }
  }

  /// Throws if the guest shows the module.
  static func checkHidden(in guest: Guest) throws(LabError) {
    let traces = try guest.run(
      "grep '^hooked ' /proc/modules; ls -d /sys/module/hooked; grep hack_read /proc/kallsyms")
    guard traces.stdout.isEmpty else {
      throw LabError("\(guest.kernel): the hidden module can be seen: \(traces.text)")
    }
  }

  /// The build id of a loaded module of ours, in hexadecimal digits.
  package static func buildID(of module: String = "hooked", in guest: Guest) throws(LabError) -> String {
    // A note of 16 bytes of header and name, then the id.
    let digits = try guest.output(
      of: "hexdump -v -e '/1 \"%02x\"' /sys/module/\(module)/notes/.note.gnu.build-id | cut -c33-")
    let buildID = digits.filter(\.isHexDigit)
    guard buildID.count == 40 else { throw LabError("no build id: \(digits)") }
    return buildID
  }

  package static func unload(from guest: Guest) throws(LabError) { _ = try guest.output(of: "rmmod hooked") }
}
