package import Files
package import KernelFormats

/// All symbols of the running kernel, from `/proc/kallsyms`.
package enum ProcKallsyms {
  /// Bytes handed to the decoder at a time.
  ///
  /// The file gives one page at most per `read` (seq_read_iter, fs/seq_file.c, v6.12), so a larger buffer saves no
  /// system calls; it only keeps lines whole.
  static let chunkByteCount = 64 << 10

  /// More bytes than this are not believed; the largest kernels list some 20 MB.
  static let largestText = 256 << 20

  /// Reads and decodes the whole file.
  ///
  /// Addresses that the kernel withholds (`kptr_restrict`, no CAP_SYSLOG) are zeros here; ask
  /// `symbols.addressesAreWithheld`.
  package static func read(_ root: SystemRoot) throws(KallsymsFault) -> Kallsyms {
    var digest = KernelSymbolsDigest()
    return try read(root, digest: &digest)
  }

  /// Reads and decodes the whole file, and takes a digest of the kernel's own lines on the way.
  static func read(_ root: SystemRoot, digest: inout KernelSymbolsDigest) throws(KallsymsFault) -> Kallsyms {
    var decoder = KallsymsDecoder(expectedSymbolCount: 150_000)
    var byteCount = 0
    do throws(FileFault) {
      let file = try OpenedFile(root.path("proc/kallsyms"))
      try file.stream(chunkByteCount: chunkByteCount) { chunk in
        byteCount += chunk.count
        guard byteCount <= largestText else { return false }
        decoder.consume(chunk)
        digest.consume(chunk)
        return true
      }
    } catch {
      throw .file(error)
    }
    guard byteCount <= largestText else {
      throw .malformed("it has more than \(largestText) bytes, which no kernel lists")
    }
    do throws(KallsymsError) {
      return try decoder.finish()
    } catch {
      throw .malformed("\(error)")
    }
  }
}

/// Why `/proc/kallsyms` cannot be used.
package enum KallsymsFault: Error, Hashable, Sendable {
  case file(FileFault)
  case malformed(String)
}

extension KallsymsFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault): fault.description
    case .malformed(let problem): "/proc/kallsyms: \(problem)"
    }
  }
}
