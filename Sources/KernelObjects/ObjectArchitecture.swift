package import KernelFormats
package import KernelModel

/// What of the kernel's structures only its processors' code says.
package protocol ObjectArchitecture: Architecture {
  /// The variables of each processor, or members of such, that may hold the task that it runs.
  static var currentTaskVariables: [String] { get }
  /// Those that may hold where the stack of that task ends.
  static var topOfStackVariables: [String] { get }
  /// The member of `struct task_struct` that says where a task's stack ended when it last stopped running.
  static var savedStackPointer: String { get }
  /// THREAD_SIZE where nobody configured it otherwise, in bytes.
  static var taskStackByteCount: UInt64 { get }
  /// Who else has executable memory than every kernel has it for: what starts processors or another kernel, or calls a
  /// hypervisor.
  static func executableMemory(_ reader: Snapshot) throws(CannotCheck) -> [ExecutableOwners.Claim]
  /// The layouts that ``executableMemory(_:)`` needs, as far as memory itself shows them.
  static func inferredLayouts(_ evidence: LayoutEvidence) throws(LayoutEvidence.Doubt) -> [BTF.Outline]
  /// Whether there is nothing but breakpoints.
  static func isTrapping(_ bytes: [UInt8]) -> Bool
  /// Whether the function tracer's code takes the lowest bit of a direct call's address for "jump".
  static func marksDirectJumps(_ reader: Snapshot) -> Bool
  /// What is registered with its processors, beside what every kernel has.
  static var registeredRows: [RegisteredRow] { get }
  /// Where a processor goes on by a gate, or by what else it reads when it enters the kernel; none of what is unused.
  static func gateWords(of gate: KernelObject) throws(CannotCheck) -> [RegisteredWord]
  /// Whether the kernel itself sets such a word to its value.
  static func isGateTarget(_ gate: RegisteredWord, _ symbols: SymbolIndex, _ mappings: any KernelMappings) -> Bool
}
