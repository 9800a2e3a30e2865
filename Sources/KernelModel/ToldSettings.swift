/// What user space is told of settings where the kernel runs, and of files that settings name, each asked when it is called for.
package struct ToldSettings {
  /// The text of a file below `/`, such as `proc/sys/kernel/modprobe`, or nil if there is none, or it cannot be read.
  package var text: (String) -> String?
  /// Those of a file and the folders on the way to it that others than root may write to; nil where that cannot be told.
  package var open: (String) -> [String]?

  package init(text: @escaping (String) -> String?, open: @escaping (String) -> [String]?) {
    self.text = text
    self.open = open
  }

  package static var unasked: ToldSettings { ToldSettings(text: { _ in nil }, open: { _ in nil }) }
}
