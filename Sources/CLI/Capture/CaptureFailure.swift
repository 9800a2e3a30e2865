internal import Audit
internal import Capture
internal import Files
internal import KernelModel
internal import Postmortem

/// Why nothing was captured, where no module below has a word for it.
enum CaptureFailure: Error {
  /// The disk has clearly no room.
  case noRoom(free: UInt64, needed: UInt64)

  /// What stands against writing a file, for a person.
  static func words(for fault: FileFault) -> String {
    let problem =
      switch fault.reason {
      case .occupied: "is there already; --force replaces it"
      case .notRegular: "is there and is not a regular file"
      case .foreign: "is there and is not ours"
      case .busy: "is being written by another program"
      default: fault.problem
      }
    return "\(fault.path) \(problem)"
  }

  /// What went wrong, for a person.
  static func words(for error: any Error) -> String {
    switch error {
    case CaptureFailure.noRoom(let free, let needed):
      "nothing was captured: the disk has room for \(CaptureEstimate.mebibytes(free)), and about "
        + "\(CaptureEstimate.mebibytes(needed)) are needed; write to another one"
    case PageSaving.Failure.interrupted: "interrupted: nothing was captured, and nothing is left behind"
    case PageSaving.Failure.target(let fault):
      "nothing was captured: writing stopped at byte \(fault.offset): \(SystemError(fault.errno).advice)"
    case let fault as FileFault: "nothing was captured: \(words(for: fault))"
    case let failure as AcquisitionFailure:
      "nothing was captured: " + failure.obstacles.map(\.description).joined(separator: "; ")
    default: "nothing was captured: \(error)"
    }
  }
}
