import Lab
import Testing

/// Runs the lab only where it is asked for, and says so where it is not.
enum LabTrait {
  /// A kernel of the cache; nil, with a note, where it is missing and not required.
  static func kernel(_ label: String, _ settings: LabSettings) throws -> GuestKernel? {
    do {
      return try GuestKernel(label: label, settings: settings)
    } catch {
      if settings.mode == .required { throw error }
      print("SKIPPED: the lab's kernel \(label): \(error)")
      return nil
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips, with a message, unless `LIVEPROBE_LAB` is set.
  static var lab: Self {
    .enabled(
      if: LabSettings().mode != .off,
      """
      the lab boots real kernels and takes minutes: run scripts/lab, or set LIVEPROBE_LAB=1 \
      (LIVEPROBE_LAB=require turns whatever is missing into a failure)
      """)
  }
}
