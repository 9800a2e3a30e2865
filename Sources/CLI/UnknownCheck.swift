internal import Checks
internal import KernelModel

/// The message for a check that does not exist.
struct UnknownCheck {
  let id: String

  var message: String {
    let known = Registry.checks.map(\.manual.id).joined(separator: ", ")
    return "there is no check '\(id)'; there are \(known)"
  }
}
