/// What is wrong with a configuration file, and where.
struct ConfigurationError: Error, CustomStringConvertible {
  let path: String
  /// Counted from 1; nil if it is about the whole file.
  let line: Int?
  let problem: String

  /// The form in which compilers name a place: `/etc/liveprobe/liveprobe.conf:7: …`.
  var description: String {
    "\(path):\(line.map { "\($0):" } ?? "") \(problem)"
  }
}
