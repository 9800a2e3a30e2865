/// What user space is told of who is called where the kernel runs, each asked when it is called for.
package struct ToldTracing {
  /// The names of the kernel's own functions that tracefs lists as traced (`enabled_functions`).
  package var functions: () -> Result<Set<String>, Withheld>
  /// The addresses of the probes that debugfs lists (`kprobes/list`).
  package var probes: () -> Result<Set<UInt64>, Withheld>

  package init(
    functions: @escaping () -> Result<Set<String>, Withheld>, probes: @escaping () -> Result<Set<UInt64>, Withheld>
  ) {
    self.functions = functions
    self.probes = probes
  }

  package static var unasked: ToldTracing {
    ToldTracing(
      functions: { .failure(Withheld("enabled_functions", why: "it was not read")) },
      probes: { .failure(Withheld("kprobes/list", why: "it was not read")) })
  }
}
