internal import KernelModel

/// What each entry of one table should be, from the best source to be had, and what better sources lacked.
struct SlotExpectations {
  /// The address at each number, from the vendor's image; nil without an image.
  private var addresses: [Int: KernelAddress]?
  /// The calls that may stand at a number, where that is known.
  private var calls: [Int: Set<String>] = [:]
  /// Which source was used, and why none better.
  private(set) var expectation: Expectation

  /// - Parameter image: what the vendor's image holds where the table is, or why that cannot be had.
  init(
    for table: TableLocator.Table, image: Result<(source: String, pointers: [KernelAddress]), Withheld>,
    in kernel: Kernel
  ) {
    var whyNotBetter: [String] = []
    func expectation(_ rung: Expectation.Rung, _ source: String) -> Expectation {
      Expectation(subject: table.abi.table, rung: rung, source: source, whyNotBetter: whyNotBetter)
    }
    switch image {
    case .success(let image) where image.pointers.count == table.entryCount:
      addresses = Dictionary(uniqueKeysWithValues: image.pointers.enumerated().map { ($0.offset, $0.element) })
      self.expectation = expectation(.vendorImage, image.source)
      return
    case .success(let image):
      whyNotBetter.append("\(image.source): does not hold the whole table")
    case .failure(let withheld):
      whyNotBetter.append(withheld.description)
    }
    if table.abi.isNative {
      do throws(CannotCheck) {
        let metadata = try kernel.syscallMetadata
        calls = metadata.calls
        let unusable = metadata.unusable == 0 ? "" : ", \(metadata.unusable) unusable"
        self.expectation = expectation(
          .kernelRecords, "\(metadata.calls.count) of the kernel's own __syscall_meta__* records\(unusable)")
        return
      } catch {
        whyNotBetter.append("the kernel's own records: \(error)")
      }
    }
    for entry in table.abi.numbers {
      calls[entry.number, default: []].formUnion(entry.entryPoints.compactMap { Machine.call(ofEntryPoint: $0[...]) })
    }
    self.expectation = expectation(.systemCallNumbers, "the numbers of the system call ABI, which never change")
  }

  /// - Parameters:
  ///   - addresses: where each number leads in the vendor's image, moved by the KASLR offset.
  ///   - source: where the image was read from.
  init(of subject: String, addresses: [Int: KernelAddress], from source: String) {
    self.addresses = addresses
    expectation = Expectation(subject: subject, rung: .vendorImage, source: source, whyNotBetter: [])
  }

  /// What the numbers of `abi` should lead to, without an image; `subject` is what leads there.
  init(of subject: String, numberedAs abi: SystemCallABI, whyNoImage: Withheld, in kernel: Kernel) {
    let none = TableLocator.Table(abi: abi, address: KernelAddress(0), entryCount: 0, howFound: "", howCounted: "")
    var expectations = SlotExpectations(for: none, image: .failure(whyNoImage), in: kernel)
    expectations.expectation.subject = subject
    self = expectations
  }

  /// What an entry should be.
  enum Expected {
    /// Exactly this address.
    case address(KernelAddress)
    /// The handler of one of these calls.
    case handler(of: Set<String>)
    /// Any handler: nothing is known about this number.
    case anyHandler

    var isAddress: Bool { if case .address = self { true } else { false } }
  }

  func expected(at number: Int) -> Expected {
    if let address = addresses?[number] { return .address(address) }
    guard let calls = calls[number], !calls.isEmpty else { return .anyHandler }
    return .handler(of: calls)
  }

  /// Whether a handler may be missing from the kernel without being wrong.
  ///
  /// The ABI assigns numbers to calls that a kernel may have been built without; the kernel's own records exist only
  /// for calls it was built with.
  var mayBeCompiledOut: Bool { expectation.rung == .systemCallNumbers }

  /// The numbers whose call is `call`, as far as known.
  func numbers(of call: String) -> [Int] {
    calls.filter { $0.value.contains(call) }.keys.sorted()
  }
}
