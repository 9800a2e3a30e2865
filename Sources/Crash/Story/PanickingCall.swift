internal import Checks
package import KernelModel

/// The system call that a panicking task was in, and where its number really led.
package struct PanickingCall: Sendable {
  package var interface: Machine.SystemCallInterface
  package var number: Int
  /// As user space knows it: `read`; nil if the number is not assigned.
  package var name: String?
  package var arguments: [UInt64]
  /// Where the kernel's code leads for this number, or why it could not be followed.
  package var row: Result<SystemCallMap.Row, CannotCheck>

  /// - Returns: nil if the task was not in a system call.
  init?(of entry: UserEntry, in kernel: Kernel) {
    guard let call = entry.interfaceAndNumber else { return nil }
    (interface, number) = call
    arguments = entry.arguments
    let (interface, number) = (interface, number)
    row = Result { () throws(CannotCheck) in
      let map = try SystemCallMap(of: interface, in: kernel)
      guard let row = map.rows.first(where: { $0.number == number }) else {
        throw .implausible("system call \(number)", "is not one that this kernel knows")
      }
      return row
    }
    name = try? row.get().name
  }

  /// The handlers that do not lie in the kernel's own code.
  package var foreignHandlers: [SystemCallMap.Handler] {
    guard case .success(let row) = row else { return [] }
    return row.handlers.filter { !$0.isKernelText }
  }
}
