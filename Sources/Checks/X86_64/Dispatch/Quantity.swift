/// What a register or a word of memory holds, as far as the system call's number decides it.
///
/// Numbers that code treats alike are followed together; what differs among them is the number, and what was added to
/// it.
struct Quantity: Hashable {
  /// The value itself, or what is added to the number, modulo 2⁶⁴.
  var value: UInt64
  /// Whether the number is added to ``value``.
  var addsNumber = false

  /// The system call's number itself.
  static let number = Quantity(value: 0, addsNumber: true)

  /// The value for the system call `number`.
  func value(for number: UInt64) -> UInt64 { addsNumber ? value &+ number : value }
}
