/// What is worked out of one acquisition, each once, when it is first asked for.
///
/// It changes no answer, in whatever order things are asked for: what is kept follows from the kernel alone, and nobody changes it
/// afterwards.
package final class Workings {
  /// One thing that can be worked out, and how.
  ///
  /// There is one of these for each, beside the property of ``Kernel`` by which it is asked for, such as `kernel.structures`.
  package final class Member<Value, Failure: Error>: Sendable {
    fileprivate let make: @Sendable (Kernel) throws(Failure) -> Value

    package init(_ make: @escaping @Sendable (Kernel) throws(Failure) -> Value) {
      self.make = make
    }
  }

  private var kept: [ObjectIdentifier: Any] = [:]

  package init() {}

  fileprivate func value<Value, Failure>(
    of member: Member<Value, Failure>, _ kernel: Kernel
  ) throws(Failure) -> Value {
    let key = ObjectIdentifier(member)
    if let known = kept[key] as? Result<Value, Failure> { return try known.get() }
    let result = Result { () throws(Failure) in try member.make(kernel) }
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
  package func value<Value, Failure>(of member: Workings.Member<Value, Failure>) throws(Failure) -> Value {
    try workings.value(of: member, self)
  }
}
