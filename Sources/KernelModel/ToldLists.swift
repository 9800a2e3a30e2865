/// What user space is told of things that are registered with the kernel where it runs.
package struct ToldLists {
  /// The text of a file in which the kernel lists them, such as `proc/devices`, asked when it is called for.
  package var text: (String) -> Result<String, Withheld>

  package init(text: @escaping (String) -> Result<String, Withheld>) {
    self.text = text
  }

  package static var unasked: ToldLists {
    ToldLists(text: { .failure(Withheld("/\($0)", why: "it was not read")) })
  }
}
