/// A module of ours whose kernel does not say the truth about itself (`Tests/Lab/fixtures/lying`).
package enum LyingKernel {
  package enum Lie: Sendable {
    /// `pread64` of `/proc/kcore` returns half of what it read.
    case shortReads
    /// What `pread64` of `/proc/kcore` reads shows a word as so many `x`, if it is more than some bytes.
    case word(String, above: Int = 0)
    /// What lies now at the 16 bytes of the kernel's image is what will be read there.
    case replay(UInt64)
    /// What `pwrite64` writes to files shows a word as so many blanks.
    case blankedWrites(of: String)
    /// `/proc/kallsyms` has no line with one of the words.
    case kallsyms(without: [String])
  }

  package static func load(_ lie: Lie, into guest: Guest) throws(LabError) {
    let parameters =
      switch lie {
      case .shortReads: "what=short"
      case .word(let word, let bytes): "what=words word=\(word) above=\(bytes)"
      case .replay(let address): "what=replay at=\(hex(address))"
      case .blankedWrites(let word): "what=writes word=\(word)"
      case .kallsyms(let words):
        "what=kallsyms word=\(words.joined(separator: ",")) at=\(hex(try guest.symbol("kallsyms_op")))"
      }
    _ = try guest.output(of: "insmod /fixtures/lying.ko \(parameters)")
  }

  package static func unload(from guest: Guest) throws(LabError) { _ = try guest.output(of: "rmmod lying") }
}
