internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Whether a function has a part in what user space is told: whoever redirects it decides what is seen.
///
/// Told by what it is and what it is given, never by a list of names: a system call's handler or dispatcher, and what gets
/// the buffer, the directory or the table that a reader asked to be filled.
struct AnsweringFunction {
  let types: KernelTypes
  let kernel: Kernel

  /// What is handed through all functions that fill it: a table of /proc, a directory, a buffer of a read, a message of a
  /// socket, a listing of sockets.
  ///
  /// Source: include/linux/seq_file.h, fs.h, uio.h, socket.h, netlink.h (Linux v5.10 to v7.2).
  private static let answers: Set<String> = [
    "struct seq_file *", "struct dir_context *", "struct iov_iter *", "struct msghdr *", "struct netlink_callback *",
  ]
  private static let counts: Set<String> = ["size_t", "int", "unsigned int", "long unsigned int"]

  /// Whether the function that `address` is in has such a part.
  func answers(_ address: UInt64) -> Bool {
    guard let place = kernel.owner(of: KernelAddress(address)).place else { return false }
    return answers(named: place.symbol)
  }

  func answers(named name: String) -> Bool {
    if SystemCallABI.all.contains(where: { abi in
      abi.call(handledBy: name) != nil || abi.dispatcher == name || abi.entryFunctions.contains(name)
    }) {
      return true
    }
    return types.information.parameters(ofFunctions: name).contains(where: Self.answers)
  }

  static func answers(_ parameters: [String]) -> Bool {
    if parameters == Machine.handlerParameters { return true }
    if parameters.contains(where: answers.contains) { return true }
    // A file or its number, or a choice, the caller's buffer, and how much fits: read, readlink, syslog.
    return parameters.count >= 3 && ["struct file *", "unsigned int", "int"].contains(parameters[0])
      && parameters[1] == "char *" && counts.contains(parameters[2])
  }
}
