/// The names by which user space hears of loaded modules, at one moment.
package struct ModuleNames: Hashable, Sendable {
  /// Those that `/proc/modules` lists.
  package var procModules: Result<Set<String>, Withheld>
  /// Those in `/sys/module` that are no built-in code.
  package var sysfs: Result<Set<String>, Withheld>
  /// Those that `/proc/kallsyms` has symbols of; nil if it was not asked, which takes a while.
  package var kallsyms: Result<Set<String>, Withheld>?

  package init(
    procModules: Result<Set<String>, Withheld>, sysfs: Result<Set<String>, Withheld>,
    kallsyms: Result<Set<String>, Withheld>? = nil
  ) {
    self.procModules = procModules
    self.sysfs = sysfs
    self.kallsyms = kallsyms
  }
}
