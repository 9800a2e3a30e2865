package import KernelFormats
package import KernelModel
internal import TestKernel

/// The physical memory of a small machine, and what a dump of it has; writes itself in each format.
package struct SampleDump {
  /// One page of it, by its number.
  package enum Holding: Hashable, Sendable {
    case held([UInt8])
    /// The machine has it, the dump does not.
    case leftOut
  }

  /// By page frame number.
  package var pages: [UInt64: Holding]

  package init(pages: [UInt64: Holding]) {
    self.pages = pages
  }

  /// Two stretches of memory; pages that compress well, badly and not at all; some left out.
  package static var example: SampleDump {
    var sample = SampleDump(pages: [:])
    var random = SampleRandom(seed: 1)
    for number: UInt64 in Array(1...9) + Array(0x100...0x115) {
      switch number % 5 {
      case 0: sample.pages[number] = .leftOut
      case 1: sample.pages[number] = .held((0..<4096).map { _ in random.byte() })
      case 2: sample.pages[number] = .held([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 4096))
      default: sample.pages[number] = .held((0..<4096).map { UInt8(truncatingIfNeeded: $0 / 7 &+ Int(number)) })
      }
    }
    return sample
  }

  package static let notes: [ElfNote] = [
    ElfNote(name: "CORE", type: 1, descriptor: Array(0..<40)),
    ElfNote(name: "VMCOREINFO", type: 0, descriptor: Array("OSRELEASE=6.1.0\n".utf8)),
  ]

  static var noteBytes: [UInt8] {
    notes.flatMap { SampleCoreFile.note($0.name, type: $0.type, $0.descriptor) }
  }

  /// Runs of consecutive pages.
  package var runs: [Range<UInt64>] {
    var runs: [Range<UInt64>] = []
    for number in pages.keys.sorted() {
      if let last = runs.last, last.upperBound == number {
        runs[runs.count - 1] = last.lowerBound..<number + 1
      } else {
        runs.append(number..<number + 1)
      }
    }
    return runs
  }

  /// What is held of a run; zeros for what is left out.
  func bytes(of run: Range<UInt64>) -> [UInt8] {
    run.flatMap { number in
      if case .held(let bytes) = pages[number] { bytes } else { [UInt8](repeating: 0, count: 4096) }
    }
  }

  /// The same memory, as if nobody knew of the pages that are left out: for formats that cannot say so.
  package var withoutLeftOut: SampleDump {
    SampleDump(pages: pages.filter { $0.value != .leftOut })
  }

  package var extents: [PhysicalRegion] {
    runs.map { PhysicalAddress(frame: $0.lowerBound)..<PhysicalAddress(frame: $0.upperBound) }
  }

  /// Reads every page of `memory` up to one past the last, and says what is not as it should be; nil if all is.
  package func problem(reading memory: any PhysicalMemory) -> String? {
    let last = pages.keys.max() ?? 0
    for number in 0...last + 1 {
      let address = PhysicalAddress(frame: number)
      let result = Result { () throws(PhysicalFault) in try memory.bytes(at: address, count: 4096) }
      let wanted: Result<[UInt8], PhysicalFault> =
        switch pages[number] {
        case .held(let bytes): .success(bytes)
        case .leftOut: .failure(.leftOut(address))
        case nil: .failure(.absent(address))
        }
      if result != wanted { return "page \(number) is not as it was: \(result)" }
    }
    return nil
  }
}

/// Numbers that look random and are always the same (xorshift64, Marsaglia 2003).
package struct SampleRandom {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func byte() -> UInt8 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 24)
  }
}
