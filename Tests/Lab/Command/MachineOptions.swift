import Lab

/// The options of commands that say what machine a guest is.
enum MachineOptions {
  static let usage = "[--cpu MODEL] [--smp N] [--append ARGUMENTS] [--instructions]"

  /// Takes one of them, and its value, from the front of the arguments.
  ///
  /// With `--instructions` the guest's clock counts instructions, a nanosecond each.
  ///
  /// - Returns: whether there was one.
  static func take(from arguments: inout ArraySlice<String>, into options: inout GuestOptions) throws(LabError) -> Bool
  {
    guard let name = arguments.first else { return false }
    if name == "--instructions" {
      options.countsInstructions = true
      options.bootTimeout = max(options.bootTimeout, 600)
      arguments = arguments.dropFirst()
      return true
    }
    guard ["--cpu", "--smp", "--append"].contains(name) else { return false }
    guard arguments.count >= 2 else { throw LabError("\(name) wants a value") }
    let value = arguments[arguments.startIndex + 1]
    arguments = arguments.dropFirst(2)
    switch name {
    case "--cpu": options.processorModel = value
    case "--smp":
      guard let count = Int(value), count > 0 else { throw LabError("--smp \(value) is no number of processors") }
      options.processors = count
    default: options.kernelArguments += value.split(separator: " ").map(String.init)
    }
    return true
  }
}
