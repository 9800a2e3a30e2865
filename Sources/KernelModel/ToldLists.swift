/// What user space is told of things that are registered with the kernel where it runs.
package struct ToldLists {
  /// The text of a file in which the kernel lists them, such as `proc/devices`, asked when it is called for.
  ///
  /// Of ``securityModules``, what the system call gives, one number in a line; of ``netfilterHooks``, a line for each hook.
  package var text: (String) -> Result<String, Withheld>

  package init(text: @escaping (String) -> Result<String, Withheld>) {
    self.text = text
  }

  /// The system call that tells of security modules, since Linux v6.8.
  package static let securityModules = "lsm_list_modules"

  /// What netlink tells of netfilter's hooks, since Linux v5.14.
  package static let netfilterHooks = "nfnetlink_hook"

  /// How a user writes the name of a file, or of what else tells.
  package static func words(_ file: String) -> String {
    switch file {
    case securityModules: "\(file)(2)"
    case netfilterHooks: "\(file) (nft list hooks)"
    default: "/\(file)"
    }
  }

  package static var unasked: ToldLists {
    ToldLists(text: { .failure(Withheld(words($0), why: "it was not read")) })
  }
}
