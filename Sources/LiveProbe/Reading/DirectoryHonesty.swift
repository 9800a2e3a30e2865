import KernelModel

/// The trial `directories`: lists of names must be as the kernel makes them.
///
/// What hides a name from `getdents64` edits the buffer after the kernel has filled it: it stretches the record before
/// the name, or moves up those behind it.
enum DirectoryHonesty {
  static let name = "directories"
  private static let question = "are the names in /proc, /sys/module and /dev listed as the kernel lists them?"

  /// A directory that can be listed from its start, as often as wanted.
  struct Directory {
    let path: String
    /// Whether names that are numbers come and go: those of processes.
    let holdsProcesses: Bool
    /// Begins anew; returns what fills a buffer with the next records, or nil if the directory cannot be opened.
    let list: () -> ((UnsafeMutableRawBufferPointer) -> Int)?
  }

  static func trial(_ directories: [Directory]) -> ReadingTrial {
    var listed: [String] = []
    let contradictions = Contradictions.persisting { () -> Contradictions in
      var found = Contradictions()
      listed = []
      for directory in directories {
        guard let first = Self.list(directory, .large), let small = Self.list(directory, .small),
          let second = Self.list(directory, .large)
        else { continue }
        listed.append(directory.path)
        for listing in [first, small, second] {
          for (place, contradiction) in listing.lies { found.add("\(directory.path): \(place)", contradiction) }
        }
        compare(directory, first, small, second, into: &found)
      }
      return found
    }
    return ReadingTrial(
      name: name, question: question,
      outcome: listed.isEmpty
        ? .impossible(Withheld("the names in /proc, /sys/module and /dev", why: "none of them can be listed"))
        : contradictions.outcome(heldAs: "listed \(listed.joined(separator: ", "))"),
      claim: "listings of directories", systemCalls: ["getdents", "getdents64"])
  }

  /// Names that stood in both large listings must stand in the small one, and the other way round.
  private static func compare(
    _ directory: Directory, _ first: DirectoryListing, _ small: DirectoryListing, _ second: DirectoryListing,
    into found: inout Contradictions
  ) {
    let isCounted = { (name: String) in !directory.holdsProcesses || !DirectoryListing.isNumber(name) }
    // A listing that was cut short says nothing of what it did not come to.
    if small.isWhole {
      for name in first.names.intersection(second.names).subtracting(small.names) where isCounted(name) {
        found.add(
          "\(directory.path): the name \(name)",
          Contradiction(expected: "listed into a small buffer, too", observed: "listed only into a large one"))
      }
    }
    if first.isWhole, second.isWhole {
      for name in small.names.subtracting(first.names).subtracting(second.names) where isCounted(name) {
        found.add(
          "\(directory.path): the name \(name)",
          Contradiction(expected: "listed into a large buffer, too", observed: "listed only into a small one"))
      }
    }
  }

  private static func list(_ directory: Directory, _ size: DirectoryListing.Size) -> DirectoryListing? {
    guard let next = directory.list() else { return nil }
    return DirectoryListing(size, stopsAtNumbers: directory.holdsProcesses && size == .small, next)
  }
}
