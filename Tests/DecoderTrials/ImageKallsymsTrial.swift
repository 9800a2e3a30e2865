import KernelFormats
import TestKernel

extension DecoderTrial {
  /// The bytes as a kernel's read-only data: each symbol comes once, lowest address first, with a name that is bounded.
  static func imageKallsyms(_ bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { raw in
      do throws(ImageKallsymsError) {
        let kallsyms = try ImageKallsyms(raw, at: SampleImageKallsyms.address, text: SampleImageKallsyms.text)
        guard kallsyms.count <= bytes.count / 4 else { return "more symbols than bytes" }
        var count = 0
        var previous: UInt64 = 0
        var problem: String?
        kallsyms.forEach { name, _, address in
          if address < previous { problem = "addresses out of order" }
          if name.count > ImageKallsyms.longestName { problem = "an endless name" }
          previous = address
          count += 1
        }
        guard count == kallsyms.count else { return "other symbols than were promised" }
        return problem
      } catch {
        return error.description.isEmpty ? "an error without words" : nil
      }
    }
  }
}
