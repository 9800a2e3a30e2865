/// What is worked out of one acquisition, each once, when it is first asked for.
///
/// It changes no answer, in whatever order things are asked for: what is kept follows from the kernel alone, and nobody changes it
/// afterwards.
package final class Workings {
  /// One thing that can be worked out, and how.
  ///
  /// There is one of these for each, beside the property of ``Kernel`` by which it is asked for, such as `kernel.structures`.
  package final class Member<Value>: Sendable {
    fileprivate let make: @Sendable (Kernel) throws(CannotCheck) -> Value

    package init(_ make: @escaping @Sendable (Kernel) throws(CannotCheck) -> Value) {
      self.make = make
    }
  }

  private var kept: [ObjectIdentifier: Any] = [:]

  package init() {}

  fileprivate func value<Value>(of member: Member<Value>, _ kernel: Kernel) throws(CannotCheck) -> Value {
    let key = ObjectIdentifier(member)
    if let known = kept[key] as? Result<Value, CannotCheck> { return try known.get() }
    let result = Result { () throws(CannotCheck) in try member.make(kernel) }
    kept[key] = result
    return try result.get()
  }

  /// Gives back the memory of all of it.
  package func clear() {
    kept = [:]
  }
}

extension Kernel {
  /// What was worked out of this acquisition, or is now.
  ///
  /// - Throws: what working it out threw, the first time.
  package func value<Value>(of member: Workings.Member<Value>) throws(CannotCheck) -> Value {
    try workings.value(of: member, self)
  }
}
