/// What checks worked out of one acquisition, kept so that another check need not work it out again.
///
/// It changes no answer: whatever is kept follows from the kernel alone.
package final class Workings {
  private var kept: [ObjectIdentifier: Any] = [:]

  package init() {}

  /// What `make` gave the first time it was asked for a `Value`.
  package func value<Value>(_ make: () throws(CannotCheck) -> Value) throws(CannotCheck) -> Value {
    let key = ObjectIdentifier(Value.self)
    if let known = kept[key] as? Result<Value, CannotCheck> { return try known.get() }
    let result = Result { () throws(CannotCheck) in try make() }
    kept[key] = result
    return try result.get()
  }

  /// Gives back the memory of all of it.
  package func clear() {
    kept = [:]
  }
}
