internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What the checks ask of the code that is written for the kernel's processors.
protocol CheckedArchitecture: DecodingArchitecture, ObjectArchitecture {
  associatedtype EntryCode: SystemCallEntryCode
  associatedtype Dispatch: SystemCallDispatch

  /// What manuals say of it.
  static var manualWords: ManualWords { get }

  // MARK: System calls

  /// The interfaces through which programs make system calls: the one that every kernel has comes first.
  static var systemCallABIs: [SystemCallABI] { get }
  /// The assigned numbers of an interface, and their entry points.
  static func numbers(of abi: SystemCallABI) -> [SystemCallNumber]
  /// What stands between a handler's prefix and the name of the call.
  static var handlerInfixes: [String] { get }
  /// The system call that an entry point of the lists of numbers names.
  static func call(ofEntryPoint entryPoint: Substring) -> String?
  /// What handlers and dispatchers are given, as the kernel's types say it.
  static var handlerParameters: [String] { get }

  // MARK: Code

  /// Whether a byte may fill executable memory that belongs to code and holds none.
  static func isFiller(_ byte: UInt8) -> Bool
  /// Whether nothing can be done in a page of code.
  static func isHarmless(_ page: [UInt8]) -> Bool
  /// The function that `code` begins with, with zeros in place of every address and of every distance to one.
  static func maskedFunction(_ code: UnsafeRawBufferPointer) -> [UInt8]

  // MARK: Tracing

  /// The call that a traced function begins with is within so many bytes.
  static var tracedStartByteCount: UInt64 { get }
  /// Whether the code that calls a user of the function tracer goes on where the user says, though it asked for no IPMODIFY.
  static func maySteer(_ operations: FtraceState.Operations, _ reader: Snapshot) -> Bool

  // MARK: The kernel's own lists

  /// Chains of notifiers that only its kernels have.
  static var notifierChains: [NotifierChain.Kind: [String]] { get }
  /// Sections that the kernel sorts while it loads a module.
  static var sortedSections: Set<String> { get }
}

/// What the manuals of checks say of one architecture.
struct ManualWords {
  /// Where processors enter the kernel.
  var entryPoints: String
  /// What dispatching code is made of.
  var dispatching: String
  /// What is not seen of where processors enter the kernel.
  var unseenEntryPoints: String
  /// The tables of handlers.
  var tables: String
  /// By what the kernel patches itself.
  var mechanisms: String
}

/// What the entry code of one system call interface says.
protocol SystemCallEntryCode {
  init(of abi: SystemCallABI, in kernel: Kernel, disassembler: Machine.Disassembler)
  /// Tables of handlers that the entry code reads with an index.
  var tables: Set<KernelAddress> { get }
  /// The dispatcher function it calls directly, if it does.
  var dispatcher: Symbol? { get }
  /// Numbers of entries that comparisons in the code would make the limit.
  var limits: Set<UInt64> { get }
  /// The functions that were read.
  var functions: [String] { get }
  /// Functions that exist and could not be read.
  var faults: [CannotCheck] { get }
}

extension SystemCallEntryCode {
  /// Whether the entry code leads calls through the table at `address`.
  func dispatches(through address: KernelAddress) -> Bool { tables.contains(address) }
}

/// The kernel's way from where a processor enters it to the handler of a system call.
protocol SystemCallDispatch {
  /// The functions of the entry code.
  static var entryFunctions: [String] { get }
  /// - Throws: if this kernel's code cannot be followed at all.
  init(of kernel: Kernel) throws(CannotCheck)
  /// Judges where processors enter the kernel, and the calls from there to the dispatcher; returns the functions from which no
  /// call can be followed.
  func examineEntry(into examination: inout Examination) -> Set<String>
  /// Compares where each number of an interface goes with where it should go.
  ///
  /// - Parameter broken: functions that what is wrong with was found already.
  func examine(
    _ abi: SystemCallABI, _ interceptions: Interceptions?, broken: Set<String>, into examination: inout Examination)
  /// Follows every number of an interface in `kernel`'s memory.
  ///
  /// - Throws: if the code cannot be found, or leads nowhere.
  static func map(of interface: Machine.SystemCallInterface, in kernel: Kernel) throws(CannotCheck) -> SystemCallMap
}
