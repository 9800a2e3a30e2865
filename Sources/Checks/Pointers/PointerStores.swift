internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Which functions the vendor's own code can have put into which pointers.
///
/// It is asked where types say nothing. Some code of the image must take the function's address, or refer to data of the file's
/// that holds it; and that code, or what it calls, must refer to the variable, or to data that holds the variable's address. Each
/// step counts too much rather than too little: bytes that may be an address are one, and a variable is all of its words.
final class PointerStores {
  /// A function, and a word that it was found in, as live addresses.
  struct Question: Hashable {
    var function: UInt64
    var place: UInt64
    /// Whether the code must speak of this very word: thousands of places call through others of the same variable.
    var isExact = false
  }

  private let vendor: VendorKernel
  private var answers: [Question: Bool] = [:]
  private var file: FileBytes
  /// What is given back when the kernel has booted, by link-time addresses.
  ///
  /// Data there is only there to be copied from.
  let given: Range<UInt64>

  /// Calls that are followed, one after another; functions that are looked into for one question.
  private static let (deepest, most) = (2, 1024)
  /// Bytes of pointers behind one another, to each side of one of them.
  private static let longestRun: UInt64 = 1024
  /// Questions that are answered at once: a kernel changes a dozen pointers, and who changes thousands is found by the first.
  private static let mostQuestions = 1024
  /// Bytes of one function that are looked at, and of an object that may be copied.
  private static let (mostCode, mostData): (UInt64, UInt64) = (1 << 16, 1 << 20)

  init(_ vendor: VendorKernel) {
    self.vendor = vendor
    file = FileBytes(vendor.object)
    let symbols = vendor.symbols
    if let start = symbols["__init_begin"], let end = symbols["__init_end"], start < end, start >= vendor.offset {
      given = start &- vendor.offset..<end &- vendor.offset
    } else {
      given = 0..<0
    }
  }

  /// Whether the vendor's code can have done it; false of what was not asked.
  subscript(question: Question) -> Bool { answers[question] ?? false }

  /// Answers all of them at once: each search goes through the whole image.
  func learn(_ questions: Set<Question>) {
    var open = questions.filter { answers[$0] == nil }
    guard !open.isEmpty else { return }
    for question in open { answers[question] = false }
    if open.count > Self.mostQuestions {
      open = Set(open.sorted { ($0.place, $0.function) < ($1.place, $1.function) }.prefix(Self.mostQuestions))
    }
    var search = Search(variables: open.map(variable))
    hold(Set(open.map { link($0.function) }), in: &search)
    func settle() {
      for question in open where leads(question, search) { answers[question] = true }
      open = open.filter { answers[$0] == false }
    }
    settle()
    guard !open.isEmpty else { return }
    // Code that works an address out from where it stands, and what holds the function for code to copy.
    let wanted = open.flatMap { question in
      let function = link(question.function)
      return [Wanted(range: function..<function &+ 1, function: function, isCopied: false)]
        + sources(of: function, without: variable(of: question), search)
    }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (address, bytes) in file.code { refer(to: wanted, in: bytes, at: address, &search) }
    settle()
  }

  // MARK: Who holds what

  /// What the image holds, by link-time addresses.
  private struct Search {
    /// Variables, lowest first.
    let variables: [Range<UInt64>]
    /// By function: where code and data hold its address, and where code refers to data that does.
    var inCode: [UInt64: [UInt64]] = [:]
    var inData: [UInt64: [UInt64]] = [:]
    var copying: [UInt64: [UInt64]] = [:]
    /// By the start of a variable: data that holds an address in it.
    var toVariable: [UInt64: [Range<UInt64>]] = [:]

    init(variables: [Range<UInt64>]) {
      self.variables = Set(variables).sorted { $0.lowerBound < $1.lowerBound }
    }
  }

  /// What code refers to that takes a function, or copies it.
  private struct Wanted {
    var range: Range<UInt64>
    var function: UInt64
    /// Whether it is data that stays, and is copied by who speaks of both.
    var isCopied: Bool
  }

  private func link(_ address: UInt64) -> UInt64 { address >= vendor.offset ? address &- vendor.offset : address }

  /// The variable that a question is about, by link-time addresses.
  private func variable(of question: Question) -> Range<UInt64> {
    let place = link(question.place)
    return question.isExact ? place..<place &+ 1 : object(around: place)
  }

  private func object(around place: UInt64) -> Range<UInt64> {
    let live = place &+ vendor.offset
    guard let object = vendor.symbols.object(around: live),
      case let size = object.upperBound &- object.lowerBound, size <= Self.mostData, live >= object.lowerBound
    else { return place..<place &+ 8 }
    let start = place &- (live &- object.lowerBound)
    return start..<start &+ size
  }

  /// Finds where the file holds the functions' addresses, and those of the variables.
  private func hold(_ functions: Set<UInt64>, in search: inout Search) {
    guard case .success(let relocations) = vendor.relocations, let lowest = functions.min(),
      let highest = functions.max()
    else { return }
    let lists = lists
    var holders: [UInt64: [UInt64]] = [:]
    relocations.forEachAddress(in: file) { place, target, isCode in
      if target >= lowest, target <= highest, functions.contains(target) {
        if isCode {
          search.inCode[target, default: []].append(place)
        } else if !lists.contains(where: { $0.contains(place) }) {
          search.inData[target, default: []].append(place)
        }
      }
      guard !isCode else { return }
      let next = search.variables.partitionPoint { $0.lowerBound > target }
      guard next > 0, case let variable = search.variables[next - 1], variable.contains(target),
        !variable.contains(place)
      else { return }
      holders[variable.lowerBound, default: []].append(place)
    }
    // A pointer by itself may be one of many that the linker gathered, whose first is what code refers to.
    let lone = holders.values.joined().sorted()
    var near: Set<UInt64> = []
    relocations.forEachAddress(in: file) { place, _, isCode in
      guard !isCode else { return }
      let next = lone.partitionPoint { $0 &+ Self.longestRun >= place }
      if next < lone.count, lone[next] <= place &+ Self.longestRun { near.insert(place) }
    }
    for (variable, places) in holders {
      search.toVariable[variable] = places.map { place in
        var (start, end) = (place, place &+ 8)
        while near.contains(start &- 8), place &- start < Self.longestRun { start &-= 8 }
        while near.contains(end), end &- place < Self.longestRun { end &+= 8 }
        let object = object(around: place)
        return min(start, object.lowerBound)..<max(end, object.upperBound)
      }
    }
  }

  /// Lists of where code can be traced, probed and made fail: nobody calls what they name, nor copies it.
  private(set) lazy var lists: [Range<UInt64>] = [
    ("__start_mcount_loc", "__stop_mcount_loc"), ("__start_kprobe_blacklist", "__stop_kprobe_blacklist"),
    ("__start_error_injection_whitelist", "__stop_error_injection_whitelist"),
  ].compactMap { start, end in
    guard let start = vendor.symbols[start], let end = vendor.symbols[end], start < end else { return nil }
    return link(start)..<link(end)
  }

  /// Objects that a function can be copied from, and of those that are only there to be copied from what leads to them.
  private func sources(of function: UInt64, without own: Range<UInt64>, _ search: Search) -> [Wanted] {
    let holders = Set((search.inData[function] ?? []).map { object(around: $0) }).filter { !$0.overlaps(own) }
    let templates = holders.filter { given.contains($0.lowerBound) }
    var found = holders.map { Wanted(range: $0, function: function, isCopied: !templates.contains($0)) }
    guard !templates.isEmpty, case .success(let relocations) = vendor.relocations else { return found }
    relocations.forEachAddress(in: file) { place, target, isCode in
      guard !isCode, templates.contains(where: { $0.contains(target) }) else { return }
      found.append(Wanted(range: self.object(around: place), function: function, isCopied: false))
    }
    return found
  }

  /// - Parameter wanted: lowest first.
  private func refer(to wanted: [Wanted], in bytes: UnsafeRawBufferPointer, at address: UInt64, _ search: inout Search)
  {
    guard let first = wanted.first, let end = wanted.map(\.range.upperBound).max() else { return }
    let longest = wanted.map { UInt64($0.range.count) }.max() ?? 0
    Machine.forEachReference(in: bytes, at: address, to: first.range.lowerBound..<end) { place, target in
      var index = wanted.partitionPoint { $0.range.lowerBound > target.upperBound }
      while index > 0, wanted[index - 1].range.lowerBound &+ longest > target.lowerBound {
        index -= 1
        let one = wanted[index]
        guard one.range.overlaps(target) else { continue }
        if one.isCopied {
          search.copying[one.function, default: []].append(place)
        } else {
          search.inCode[one.function, default: []].append(place)
        }
      }
    }
  }

  // MARK: Who leads where

  /// Whether code that takes the function's address leads to the variable.
  private func leads(_ question: Question, _ search: Search) -> Bool {
    let function = link(question.function)
    let variable = variable(of: question)
    // A structure of a hypervisor's operations is copied whole, by who never speaks of one word.
    if question.isExact, search.inData[function]?.contains(where: given.contains) == true { return true }
    var targets = [variable]
    if !question.isExact {
      targets += Set(search.toVariable[variable.lowerBound] ?? [])
    }
    let copying = Set((search.copying[function] ?? []).map { object(around: $0) })
    if copying.contains(where: { refers($0, to: targets) }) { return true }
    var waiting = (search.inCode[function] ?? []).map { object(around: $0) }
    var seen = Set(waiting)
    for depth in 0...Self.deepest {
      var called: [Range<UInt64>] = []
      for code in waiting {
        if refers(code, to: targets) { return true }
        guard depth < Self.deepest, let bytes = bytes(of: code) else { continue }
        for callee in Machine.callees(in: bytes, at: code.lowerBound) where isCode(callee) {
          let code = object(around: callee)
          guard seen.count < Self.most, seen.insert(code).inserted else { continue }
          called.append(code)
        }
      }
      waiting = called
    }
    return false
  }

  private func isCode(_ address: UInt64) -> Bool {
    vendor.text.contains(address &+ vendor.offset) || given.contains(address)
  }

  private func refers(_ code: Range<UInt64>, to wanted: [Range<UInt64>]) -> Bool {
    guard let bytes = bytes(of: code) else { return false }
    var isFound = false
    for range in wanted where !isFound {
      Machine.forEachReference(in: bytes, at: code.lowerBound, to: range) { _, target in
        if target.overlaps(range) { isFound = true }
      }
    }
    return isFound
  }

  private func bytes(of code: Range<UInt64>) -> UnsafeRawBufferPointer? {
    let count = Int(min(UInt64(code.count), Self.mostCode))
    return file.pointer(at: code.lowerBound, count: count).map { UnsafeRawBufferPointer(start: $0, count: count) }
  }
}
