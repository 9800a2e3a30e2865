internal import KernelFormats
internal import KernelModel

/// The places in the kernel's image that hold addresses, which move with the kernel.
///
/// Their list follows the ELF file in the decompressed payload: 32-bit words, read from the end, each the low half of a
/// link-time address; lists of places that hold 32-bit addresses, (up to v6.14) 32-bit distances from what does not
/// move, and 64-bit addresses, a 0 after each. Source: handle_relocations() in arch/x86/boot/compressed/misc.c (Linux
/// v6.12).
struct KernelRelocations: KernelImageRelocations {
  private let words: UnsafeRawBufferPointer
  private let hasInverseList: Bool
  private let object: VendorObject

  /// Finds the lists behind the ELF file.
  ///
  /// A kernel that lies where it was linked needs none: one without `CONFIG_RANDOMIZE_BASE`, whose image has no lists
  /// (`CONFIG_X86_NEED_RELOCS`, arch/x86/Kconfig, Linux v6.12), or one that was started with `nokaslr` or from a plain
  /// vmlinux. Where such an image has no lists, places of data hold addresses that look so: see ``forEachPlace(_:)``.
  ///
  /// - Parameter offset: how far the kernel was moved.
  init(of object: VendorObject, offset: UInt64) throws(CannotCheck) {
    self.object = object
    let bytes = object.contents.bytes
    guard bytes.count >= 64 else { throw .implausible(object.source, "is too short") }
    let tableOffset = bytes.value(UInt64.self, at: 40)
    let entryByteCount = UInt64(bytes.value(UInt16.self, at: 58))
    let count = UInt64(bytes.value(UInt16.self, at: 60))
    let (end, overflow) = tableOffset.addingReportingOverflow(entryByteCount * count)
    guard !overflow, end <= UInt64(bytes.count) else { throw .implausible(object.source, "ends within its headers") }
    let rest = bytes[Int(end)...]
    guard rest.count >= 8, rest.count.isMultiple(of: 4), rest.count <= 64 << 20 else {
      guard offset != 0 else {
        words = UnsafeRawBufferPointer(start: nil, count: 0)
        hasInverseList = false
        return
      }
      throw .withheld(
        Withheld(
          "the kernel image's relocations",
          why: "the kernel was moved, and \(object.source) does not list what moves with it",
          remedy: "bring the compressed image of the same build with --reference (vmlinuz or bzImage, "
            + "from the kernel's own package, not from the debug package): only that has the list"))
    }
    words = UnsafeRawBufferPointer(rebasing: rest)
    var zeros = 0
    for index in 0..<words.count / 4 where words.value(UInt32.self, at: index * 4) == 0 { zeros += 1 }
    guard zeros == 2 || zeros == 3, words.value(UInt32.self, at: 0) == 0 else {
      throw .implausible(object.source, "has \(zeros) lists of relocations; 2 or 3 were expected")
    }
    hasInverseList = zeros == 3
  }

  var areListed: Bool { !words.isEmpty }

  func forEachPointer(_ body: (_ place: UInt64) -> Void) {
    // They come first.
    forEachPlace { place, isWide in
      if isWide { body(place) }
      return isWide
    }
  }

  /// Calls `body` with each place that holds an address of 64 bits or, in code or between the two lists, something of 32 bits,
  /// until it returns false.
  ///
  /// Where nothing is listed, nothing was moved, and each address in the image is one that was linked: the words of 64 bits, at
  /// multiples of 8, outside of code, and the 32 bits anywhere in code that mean an address of the image.
  private func forEachPlace(_ body: (_ place: UInt64, _ isWide: Bool) -> Bool) {
    var isWide = true
    for index in 1..<max(words.count / 4, 1) {
      let word = words.value(UInt32.self, at: index * 4)
      guard word != 0 else {
        isWide = false
        continue
      }
      guard body(address(word, offset: 0), isWide) else { return }
    }
    guard !areListed else { return }
    var goesOn = true
    let span = imageSpan
    for section in object.sections where goesOn && section.isAllocated && !section.isExecutable && section.type != 7 {
      let bytes = object.bytes(of: section)
      for offset in stride(from: Int((0 &- section.address) & 7), to: bytes.count - 7, by: 8) where goesOn {
        if span.contains(bytes.value(UInt64.self, at: offset)) {
          goesOn = body(section.address &+ UInt64(offset), true)
        }
      }
    }
    for section in object.sections where goesOn && section.isAllocated && section.isExecutable {
      let bytes = object.bytes(of: section)
      for offset in 0..<max(bytes.count - 3, 0) where goesOn {
        let value = UInt64(bitPattern: Int64(bytes.value(Int32.self, at: offset)))
        if span.contains(value) { goesOn = body(section.address &+ UInt64(offset), false) }
      }
    }
  }

  /// Link-time addresses of the image.
  private var imageSpan: Range<UInt64> {
    let inMemory = object.sections.filter {
      $0.isAllocated && $0.address != 0 && !$0.address.addingReportingOverflow($0.byteCount).overflow
    }
    guard let start = inMemory.map(\.address).min(), let end = inMemory.map({ $0.address + $0.byteCount }).max() else {
      return 0..<0
    }
    return start..<end
  }

  func taken(among functions: Set<UInt64>, in file: FileBytes, counting isCounted: (UInt64) -> Bool) -> Set<UInt64> {
    guard let lowest = functions.min(), let highest = functions.max() else { return [] }
    let span = lowest...highest
    var file = file
    var taken: Set<UInt64> = []
    forEachPlace { address, isWide in
      // The distances between the two lists are of no function.
      guard let place = file.pointer(at: address, count: isWide ? 8 : 4),
        isWide ? isCounted(address) : file.isCode(at: address)
      else { return true }
      let target =
        isWide ? place.value(UInt64.self) : UInt64(bitPattern: Int64(place.value(Int32.self)))
      // Most lead to data, and are not looked up.
      if span.contains(target), functions.contains(target) { taken.insert(target) }
      return taken.count < functions.count
    }
    guard taken.count < functions.count else { return taken }
    return taken.union(Self.loaded(functions.subtracting(taken), in: file, span: span))
  }

  func forEachAddress(in file: FileBytes, _ body: (_ place: UInt64, _ target: UInt64, _ isCode: Bool) -> Void) {
    var file = file
    forEachPlace { address, isWide in
      // The distances between the two lists are of no function.
      guard let place = file.pointer(at: address, count: isWide ? 8 : 4) else { return true }
      if isWide {
        body(address, place.value(UInt64.self), false)
      } else if file.isCode(at: address) {
        body(address, UInt64(bitPattern: Int64(place.value(Int32.self))), true)
      }
      return true
    }
  }

  /// Those whose address the code works out from where it stands: `lea distance(%rip), %register`.
  private static func loaded(_ functions: Set<UInt64>, in file: FileBytes, span: ClosedRange<UInt64>) -> Set<UInt64> {
    var found: Set<UInt64> = []
    for (address, bytes) in file.code {
      for index in 2..<max(bytes.count - 3, 2) where bytes[index - 2] == 0x8d && bytes[index - 1] & 0xc7 == 5 {
        let target =
          address &+ UInt64(index) &+ 4 &+ UInt64(bitPattern: Int64(bytes.value(Int32.self, at: index)))
        if span.contains(target), functions.contains(target) { found.insert(target) }
      }
    }
    return found
  }

  /// Moves every address in `recreation` by `offset`.
  func apply(to recreation: Recreation, offset: UInt64) {
    var index = words.count / 4 - 1
    var tally = MechanismTally()
    while index >= 0, case let word = words.value(UInt32.self, at: index * 4), word != 0 {
      move32(word, by: offset, offset: offset, recreation, &tally)
      index -= 1
    }
    index -= 1
    if hasInverseList {
      while index >= 0, case let word = words.value(UInt32.self, at: index * 4), word != 0 {
        move32(word, by: 0 &- offset, offset: offset, recreation, &tally)
        index -= 1
      }
      index -= 1
    }
    while index >= 0, case let word = words.value(UInt32.self, at: index * 4), word != 0 {
      move64(word, offset: offset, recreation, &tally)
      index -= 1
    }
    recreation.count(.relocation, sites: tally.sites, changedBytes: tally.changedBytes)
  }

  /// The live address of the place that `word` names.
  @inline(__always)
  private func address(_ word: UInt32, offset: UInt64) -> UInt64 {
    UInt64(bitPattern: Int64(Int32(bitPattern: word))) &+ offset
  }

  @inline(__always)
  private func move32(
    _ word: UInt32, by distance: UInt64, offset: UInt64, _ recreation: Recreation, _ tally: inout MechanismTally
  ) {
    let address = address(word, offset: offset)
    guard let place = recreation.image.pointer(at: address, count: 4) else { return }
    let old = place.value(UInt32.self)
    let new = old &+ UInt32(truncatingIfNeeded: distance)
    if recreation.isTraced(address, count: 4) {
      withUnsafeBytes(of: new.littleEndian) { raw in
        guard let bytes = raw.baseAddress else { return }
        recreation.write(
          .relocation, at: address, place, bytes, count: 4, "an address of 32 bits moves with the kernel")
      }
      return
    }
    place.set(new)
    tally += MechanismTally(sites: 1, changedBytes: (old ^ new).nonzeroByteCount)
  }

  @inline(__always)
  private func move64(_ word: UInt32, offset: UInt64, _ recreation: Recreation, _ tally: inout MechanismTally) {
    let address = address(word, offset: offset)
    guard let place = recreation.image.pointer(at: address, count: 8) else { return }
    let old = place.value(UInt64.self)
    let new = old &+ offset
    if recreation.isTraced(address, count: 8) {
      withUnsafeBytes(of: new.littleEndian) { raw in
        guard let bytes = raw.baseAddress else { return }
        recreation.write(
          .relocation, at: address, place, bytes, count: 8, "an address of 64 bits moves with the kernel")
      }
      return
    }
    place.set(new)
    tally += MechanismTally(sites: 1, changedBytes: (old ^ new).nonzeroByteCount)
  }
}

extension FixedWidthInteger {
  /// How many of its bytes are not zero.
  @inline(__always)
  var nonzeroByteCount: Int {
    var count = 0
    var rest = self
    while rest != 0 {
      if rest & 0xff != 0 { count += 1 }
      rest = rest >> 8
    }
    return count
  }
}
