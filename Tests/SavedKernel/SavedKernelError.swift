/// Why a snapshot could not be used, in words.
package struct SavedKernelError: Error, CustomStringConvertible, Sendable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
