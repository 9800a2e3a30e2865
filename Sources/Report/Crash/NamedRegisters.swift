/// Registers as a report shows them.
protocol NamedRegisters {
  /// Each register by the name that debuggers print, in their order.
  var named: [(name: PlainText, value: UInt64)] { get }
}
