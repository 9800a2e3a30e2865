internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// How the kernel moves and patches its own code and constants, to be done again on a copy of the vendor's bytes.
protocol PatchingArchitecture: CheckedArchitecture {
  associatedtype Mechanism: PatchMechanism
  associatedtype ImageRelocations: KernelImageRelocations
  associatedtype ObjectTables: ObjectPatchTables
  associatedtype PatchFacts: KernelPatchFacts
  associatedtype Patching: ObjectPatching
  associatedtype SiteChoice: LegalChoice
  associatedtype LegalSites: LegalSiteReading

  /// Puts into a module's code and constants the addresses that its loader puts there.
  ///
  /// - Parameter exports: the address of a symbol of the kernel's or of another module.
  /// - Throws: if a symbol that code or constants use is not known: then nothing could be compared.
  static func relocate(
    _ placement: ModulePlacement, exports: (String) -> UInt64?, in recreation: Recreation) throws(CannotCheck)
  /// The address that a relocation of a module put into memory at `place`; nil if it is of a kind that puts none, or cannot be
  /// read.
  ///
  /// - Parameter type: its number in the module's file.
  static func target(ofRelocation type: UInt32, at place: UInt64, _ live: LivePages) -> UInt64?
  /// The 64-bit address that a relocation of a module puts into memory; nil if it is of another kind.
  ///
  /// - Parameters:
  ///   - type: its number in the module's file.
  ///   - value: the address that it names.
  static func pointer(ofRelocation type: UInt32, to value: UInt64) -> UInt64?
  /// Where the kernel holds the pointers that its own patching follows, live addresses, lowest first.
  static func followedPointers(of vendor: VendorKernel) -> [Range<UInt64>]
  /// Calls `body` with each place in code whose bytes may be, or lead to, an address within `wanted`, and with what they may lead
  /// to: more than there are, and none too few. Branches through a pointer are left out.
  static func forEachReference(
    in code: UnsafeRawBufferPointer, at address: UInt64, to wanted: Range<UInt64>,
    _ body: (_ place: UInt64, _ target: Range<UInt64>) -> Void)
  /// Where calls and jumps of code may lead: more than there are.
  static func callees(in code: UnsafeRawBufferPointer, at address: UInt64) -> [UInt64]
  /// A processors' feature as the kernel's source writes its number.
  static func name(ofFeature number: Int) -> String
}

/// A way in which a kernel changes its own code or read-only data at run time, by its own rules.
///
/// Nothing is masked: what a mechanism does at a site is done again on a copy of the vendor's bytes, with the little
/// live state that the kernel itself decides by, and must then be what is in memory, to the byte.
package protocol PatchMechanism: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
  /// Function tracing, and probes: every architecture that has a tracer has these.
  static var ftrace: Self { get }
  static var kprobe: Self { get }
  /// What the mechanism is, in a few words for a reader.
  var title: String { get }
  /// Its place among all of them: from 0, without a gap.
  var index: Int { get }
}

/// The places in the kernel's image that hold addresses, which move with the kernel.
protocol KernelImageRelocations {
  /// - Parameter offset: how far the kernel was moved.
  /// - Throws: if the kernel was moved, and the file does not say what moves with it.
  init(of object: VendorObject, offset: UInt64) throws(CannotCheck)
  /// Moves every address in `recreation` by `offset`.
  func apply(to recreation: Recreation, offset: UInt64)
  /// Whether the file says where addresses are; in that of a kernel that was not moved, and that need not say it, they are
  /// found by what places hold.
  var areListed: Bool { get }
  /// Calls `body` with the link-time address of each place that holds an address of 64 bits, lowest first as far as the file
  /// has them so.
  func forEachPointer(_ body: (_ place: UInt64) -> Void)
  /// Those of `functions` whose address the file's code holds or works out, or its data holds: no other can the
  /// kernel's own code put into a pointer. All addresses are link-time addresses.
  ///
  /// - Parameter isCounted: whether what a place of data holds may be called, or copied to where it is.
  func taken(among functions: Set<UInt64>, in file: FileBytes, counting isCounted: (UInt64) -> Bool) -> Set<UInt64>
  /// Calls `body` with each place of the file that holds an address, and with that: 64 bits of data, or 32 bits of code. Both are
  /// link-time addresses.
  func forEachAddress(in file: FileBytes, _ body: (_ place: UInt64, _ target: UInt64, _ isCode: Bool) -> Void)
}

/// The tables of places to patch of one object: the kernel, or a module.
protocol ObjectPatchTables {
  /// - Parameters:
  ///   - offset: how far the kernel was moved.
  ///   - text: live addresses of its code.
  init(ofKernel object: VendorObject, offset: UInt64, symbols: SymbolIndex, text: Range<UInt64>)
  /// - Parameter image: the module's bytes, in which addresses are where its loader put them.
  init(of placement: ModulePlacement, image: TextImage, facts: Machine.PatchFacts)
}

/// What the kernel's own patching decides by: the same for the kernel's text and every module's.
protocol KernelPatchFacts: AnyObject {
  /// - Parameter image: the kernel's bytes, moved to where they lie.
  init(of vendor: VendorKernel, live: LivePages, image: TextImage, ownership: CodeOwnership) throws(CannotCheck)
  /// Reads the kernel's structures at the moment that is looked at.
  var reader: Snapshot { get }
  var live: LivePages { get }
  /// Who the functions that text leads to belong to.
  var ownership: CodeOwnership { get }
  /// The kernel's own static calls.
  var staticCalls: [StaticCallKeys.Trampoline] { get }
  /// Features that are taken to have had their other value when text was patched: see ``FeatureDrift``.
  var reversedFeatures: Set<Int> { get set }
  /// For a baseline: which branches were made safe, and how.
  var mitigations: [(label: String, words: String)] { get }
}

/// Does all of the kernel's own patching of one object again.
protocol ObjectPatching {
  /// The code that the function tracer generated, as far as it is what it should be.
  associatedtype Trampolines

  init(facts: Machine.PatchFacts, tables: Machine.ObjectTables, ftrace: FtraceState, kprobes: KprobeState)
  /// Does it on the kernel's own bytes, in the kernel's order.
  func recreate(_ vendor: VendorKernel, in recreation: Recreation) throws(CannotCheck) -> Trampolines
  /// Does it on a module's.
  func recreate(
    _ placement: ModulePlacement, trampolines: Trampolines, staticCalls: StaticCallKeys, in recreation: Recreation
  ) throws(CannotCheck)
  /// Every place of the kernel that a mechanism may write.
  ///
  /// - Parameters:
  ///   - image: the vendor's code, not patched yet.
  ///   - written: where the mechanisms that are known wrote.
  func places(of vendor: VendorKernel, in image: TextImage, written: [SiteRecord]) -> PatchPlaces
  /// Every place of a module that a mechanism may write.
  func places(
    of placement: ModulePlacement, trampolines: [StaticCallKeys.Trampoline], in image: TextImage
  ) -> PatchPlaces
  /// The processors' features that decide what is at `runs`, by number.
  func features(at runs: [UnexplainedRun]) -> Set<Int>
}

/// Byte strings that are as legal at a site as the one that was written there.
protocol LegalChoice {
  /// Bytes that it may take at most.
  var mostBytes: Int { get }
}

/// Tells where memory holds, instead of what was recreated, something else that is legal there.
protocol LegalSiteReading {
  /// - Parameter functionStart: of the object that is compared: the first function's start at or after an address.
  init(_ patching: Machine.Patching, in recreation: Recreation, functionStart: @escaping (UInt64) -> UInt64?)
  /// Where the site around `address` ends, if memory holds another of the byte strings that are legal there.
  mutating func end(around address: UInt64, _ live: LivePages) -> UInt64?
}
