/// What user space is told of settings where the kernel runs, and of files that settings name, each asked when it is called for.
package struct ToldSettings {
  /// The text of a file below `/`, such as `proc/sys/kernel/modprobe`, or nil if there is none, or it cannot be read.
  package var text: (String) -> String?
  /// Those of a file and the folders on the way to it that others than root may write to; nil where that cannot be told.
  package var open: (String) -> [String]?
  /// The programs that start files of other formats; nil where binfmt_misc's file system is not mounted.
  package var interpreters: () -> Result<Interpreters, Withheld>? = { nil }

  /// What binfmt_misc's file system tells.
  package struct Interpreters {
    /// Its device, as `stat` has it: `0:44`.
    package var device: String
    /// By the name of each entry, the path of the program; nil where its file could not be read.
    package var paths: [String: String?]

    package init(device: String, paths: [String: String?]) {
      self.device = device
      self.paths = paths
    }
  }

  package init(text: @escaping (String) -> String?, open: @escaping (String) -> [String]?) {
    self.text = text
    self.open = open
  }

  package static var unasked: ToldSettings { ToldSettings(text: { _ in nil }, open: { _ in nil }) }
}
