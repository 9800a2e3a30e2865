internal import Audit
internal import Capture
internal import KernelModel
internal import Postmortem

/// Why nothing was captured, where no module below has a word for it.
enum CaptureFailure: Error {
  /// The disk has clearly no room.
  case noRoom(free: UInt64, needed: UInt64)

  /// What went wrong, for a person.
  static func words(for error: any Error) -> String {
    switch error {
    case CaptureFailure.noRoom(let free, let needed):
      "nothing was captured: the disk has room for \(CaptureEstimate.mebibytes(free)), and about "
        + "\(CaptureEstimate.mebibytes(needed)) are needed; write to another one"
    case PageSaving.Failure.interrupted: "interrupted: nothing was captured, and nothing is left behind"
    case PageSaving.Failure.target(let fault):
      "nothing was captured: writing stopped at byte \(fault.offset): \(CaptureFileError.words(for: fault.errno))"
    case let fault as TargetFault:
      "nothing was captured: writing the manifest failed: \(CaptureFileError.words(for: fault.errno))"
    case let failure as AcquisitionFailure:
      "nothing was captured: " + failure.obstacles.map(\.description).joined(separator: "; ")
    default: "nothing was captured: \(error)"
    }
  }
}
