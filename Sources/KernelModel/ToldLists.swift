/// What user space is told of things that are registered with the kernel where it runs.
package struct ToldLists {
  /// The text of a file in which the kernel lists them, such as `proc/devices`, asked when it is called for.
  ///
  /// Of ``securityModules``, what the system call gives, one number in a line.
  package var text: (String) -> Result<String, Withheld>

  package init(text: @escaping (String) -> Result<String, Withheld>) {
    self.text = text
  }

  /// The system call that tells of security modules, since Linux v6.8.
  package static let securityModules = "lsm_list_modules"

  /// How a user writes the name of a file, or of the system call.
  package static func words(_ file: String) -> String { file == securityModules ? "\(file)(2)" : "/\(file)" }

  package static var unasked: ToldLists {
    ToldLists(text: { .failure(Withheld(words($0), why: "it was not read")) })
  }
}
