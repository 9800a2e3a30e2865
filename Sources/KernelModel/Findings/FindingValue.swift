extension Finding {
  /// What should have been seen, what was seen, or what supports a finding: the values as they were read, with the words
  /// between them.
  ///
  /// It is written as a literal, and what is interpolated keeps its type: `"\(target, owner)"`, `"\(place): \(bytes)"`. How
  /// a value is spelled is for `Report` to say.
  package struct Value: Hashable, Sendable {
    /// Never two texts in a row, and none that is empty.
    package private(set) var parts: [Part] = []

    package enum Part: Hashable, Sendable {
      case text(String)
      case bytes(Bytes)
      /// Bytes of which a reader needs the first few: the words beside them say how many there are.
      case start(Bytes)
      /// With whose memory it is in, where that is said of it.
      case address(KernelAddress, Owner?)
      case owner(Owner)
      case place(Place)
      case symbol(Symbol)
      case memory(MemoryRegion, Unit)
    }

    /// What the size of memory is told in.
    package enum Unit: Hashable, Sendable {
      case bytes, pages
    }

    private init() {}

    /// Words that are there already; what is in them has no type.
    package static func text(_ text: String) -> Value {
      var value = Value()
      value.append(text)
      return value
    }

    package static func bytes(_ bytes: [UInt8]) -> Value { "\(bytes)" }

    package static func + (left: Value, right: Value) -> Value { "\(left)\(right)" }

    private mutating func append(_ text: String) {
      guard !text.isEmpty else { return }
      if case .text(let before)? = parts.last {
        parts[parts.count - 1] = .text(before + text)
      } else {
        parts.append(.text(text))
      }
    }
  }
}

extension Finding.Value: ExpressibleByStringInterpolation {
  package init(stringLiteral text: String) {
    self = .text(text)
  }

  package init(stringInterpolation: StringInterpolation) {
    self = stringInterpolation.value
  }

  /// A literal with its interpolated values.
  ///
  /// What has no type of its own here must be a `String` or a number: nothing becomes words unseen.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var value = Finding.Value()

    package init(literalCapacity: Int, interpolationCount: Int) {}

    package mutating func appendLiteral(_ literal: String) { value.append(literal) }

    package mutating func appendInterpolation(_ text: String) { value.append(text) }

    package mutating func appendInterpolation(_ number: some BinaryInteger) { value.append(number.description) }

    package mutating func appendInterpolation(_ bytes: [UInt8]) { value.parts.append(.bytes(Finding.Bytes(bytes))) }

    package mutating func appendInterpolation(start bytes: Finding.Bytes) { value.parts.append(.start(bytes)) }

    package mutating func appendInterpolation(_ address: KernelAddress, _ owner: Owner? = nil) {
      value.parts.append(.address(address, owner))
    }

    package mutating func appendInterpolation(_ owner: Owner) { value.parts.append(.owner(owner)) }

    package mutating func appendInterpolation(_ place: Place) { value.parts.append(.place(place)) }

    package mutating func appendInterpolation(_ symbol: Symbol) { value.parts.append(.symbol(symbol)) }

    package mutating func appendInterpolation(_ memory: MemoryRegion, in unit: Finding.Value.Unit) {
      value.parts.append(.memory(memory, unit))
    }

    package mutating func appendInterpolation(_ other: Finding.Value) {
      for part in other.parts {
        if case .text(let text) = part { value.append(text) } else { value.parts.append(part) }
      }
    }
  }
}
