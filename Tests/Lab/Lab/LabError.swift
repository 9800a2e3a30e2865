/// A reason why the lab could not do what it was asked to, in words, with the remedy.
package struct LabError: Error, CustomStringConvertible, Sendable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
