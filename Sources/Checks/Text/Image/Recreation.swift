package import KernelModel

/// The vendor's bytes on their way to what should be in memory: what each mechanism made of them, and what it explains.
final class Recreation {
  let image: TextImage
  /// By ``Mechanism``.
  private let tallies: UnsafeMutablePointer<MechanismTally>
  /// Sites where the live state allows more than one byte string; asked only where memory holds another than the first.
  private(set) var choices: [UInt64: Machine.SiteChoice] = [:]
  /// Bytes of the longest of them.
  private(set) var longestChoice = 0
  /// What is wrong with the state that decides, whatever the bytes say.
  var violations: [PatchViolation] = []
  /// Pointers that lead to where a module was: no code is there any more, and whoever follows one faults.
  var leftovers: [Leftover] = []
  /// What was done at the addresses that somebody wants explained.
  private(set) var trace: [SiteTrace] = []
  /// Every site that was written, if that was asked for.
  private(set) var sites: [SiteRecord] = []
  private let traced: Range<UInt64>?
  private let recordsSites: Bool
  private let isPlain: Bool

  /// - Parameters:
  ///   - traced: addresses that somebody wants explained.
  ///   - recordsSites: whether to remember where each mechanism wrote.
  init(_ image: TextImage, tracing traced: Range<UInt64>? = nil, recordsSites: Bool = false) {
    self.image = image
    self.traced = traced
    self.recordsSites = recordsSites
    isPlain = traced == nil && !recordsSites
    tallies = .allocate(capacity: Machine.Mechanism.allCases.count)
    tallies.initialize(repeating: MechanismTally(), count: Machine.Mechanism.allCases.count)
  }

  deinit {
    tallies.deallocate()
  }

  /// Writes what `mechanism` makes of the `count` bytes at `address`, which lie at `site`.
  ///
  /// - Parameter reason: why just these bytes, for a person; made only where it is asked for.
  @inline(__always)
  func write(
    _ mechanism: Machine.Mechanism, at address: UInt64, _ site: UnsafeMutableRawPointer, _ bytes: UnsafeRawPointer,
    count: Int, _ reason: @autoclosure () -> String
  ) {
    if !isPlain { note(mechanism, at: address, site, bytes, count: count, reason) }
    var changed = 0
    for offset in 0..<count {
      let new = bytes.load(fromByteOffset: offset, as: UInt8.self)
      if site.load(fromByteOffset: offset, as: UInt8.self) != new {
        site.storeBytes(of: new, toByteOffset: offset, as: UInt8.self)
        changed += 1
      }
    }
    tallies[mechanism.index].sites += 1
    tallies[mechanism.index].changedBytes += changed
  }

  /// Counts a site that stays as it is.
  @inline(__always)
  func keep(_ mechanism: Machine.Mechanism, at address: UInt64, _ reason: @autoclosure () -> String) {
    tallies[mechanism.index].sites += 1
    if !isPlain, let site = image.pointer(at: address, count: 1) {
      note(mechanism, at: address, site, UnsafeRawPointer(site), count: 1, reason)
    }
  }

  /// Counts many sites at once, whose bytes were written without ``write(_:at:_:_:count:_:)``.
  func count(_ mechanism: Machine.Mechanism, sites: Int, changedBytes: Int) {
    tallies[mechanism.index] += MechanismTally(sites: sites, changedBytes: changedBytes)
  }

  /// Allows other byte strings at `address` than the one that was written.
  func allow(_ choice: Machine.SiteChoice, at address: UInt64) {
    choices[address] = choice
    longestChoice = max(longestChoice, choice.mostBytes)
  }

  func tally(of mechanism: Machine.Mechanism) -> MechanismTally { tallies[mechanism.index] }

  /// Whether each site at `address` must go through ``write(_:at:_:_:count:_:)``: somebody wants it remembered.
  @inline(__always)
  func isTraced(_ address: UInt64, count: Int) -> Bool {
    !isPlain && (recordsSites || concerns(address, count: count))
  }

  private func concerns(_ address: UInt64, count: Int) -> Bool {
    traced.map { $0.lowerBound < address &+ UInt64(count) && address < $0.upperBound } ?? false
  }

  private func note(
    _ mechanism: Machine.Mechanism, at address: UInt64, _ site: UnsafeMutableRawPointer, _ bytes: UnsafeRawPointer,
    count: Int, _ reason: () -> String
  ) {
    if recordsSites {
      sites.append(SiteRecord(address: address, byteCount: UInt16(clamping: count), mechanism: mechanism))
    }
    guard concerns(address, count: count), trace.count < 256 else { return }
    trace.append(
      SiteTrace(
        mechanism: mechanism, address: address,
        before: Array(UnsafeRawBufferPointer(start: site, count: count)),
        after: Array(UnsafeRawBufferPointer(start: bytes, count: count)), reason: reason()))
  }
}

/// What one mechanism did at one site.
package struct SiteTrace: Hashable, Sendable {
  package var mechanism: Machine.Mechanism
  package var address: UInt64
  package var before: [UInt8]
  package var after: [UInt8]
  package var reason: String
}

/// A pointer that the kernel leaves as it is when the module that it leads to is unloaded.
struct Leftover {
  /// What it is called, in words that survive a reboot.
  var subject: String
  var target: UInt64

  /// What is said of static calls that were left, by whose they are; nil if there are none.
  static func remark(_ all: [(holder: String, calls: [Leftover])], lastUnloaded: String?) -> String? {
    let left = all.filter { !$0.calls.isEmpty }
    guard !left.isEmpty else { return nil }
    let holders = left.map { holder, calls in
      let names = calls.map(\.subject).sorted()
      let more = names.count > 3 ? " and \(names.count - 3) more" : ""
      return "\(names.count) of \(holder) (\(names.prefix(3).joined(separator: ", "))\(more))"
    }.joined(separator: ", ")
    return "static calls still hold addresses of a module that was unloaded, as the kernel leaves them: \(holders); "
      + "no code is where they lead"
      + (lastUnloaded.map { "; the module that was unloaded last is \($0)" } ?? "")
  }

  static let label = "static calls to where a module was"
}

/// Something wrong with the state that a mechanism decides by.
struct PatchViolation {
  var mechanism: Machine.Mechanism
  /// What it is about, in words that survive a reboot: `static call cond_resched`.
  var subject: String
  var message: String
  var expected: Finding.Value
  var observed: Finding.Value
  /// Where the wrong thing leads.
  var target: UInt64?
}

/// The bytes that are to be written at one site: 64 at most.
struct PatchBytes {
  private var storage: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
  private(set) var count = 0

  init() {}

  init(_ bytes: [UInt8]) {
    for byte in bytes { append(byte) }
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    guard count < 64 else { return }
    let place = count
    withUnsafeMutableBytes(of: &storage) { $0[place] = byte }
    count = place + 1
  }

  @inline(__always)
  mutating func append(word value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  @inline(__always)
  func withBytes<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
    withUnsafeBytes(of: storage) { raw in
      raw.baseAddress.map(body) ?? body(UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped)
    }
  }

  var array: [UInt8] { withBytes { Array(UnsafeRawBufferPointer(start: $0, count: count)) } }
}
