/// Decompresses a kernel image's payload.
protocol PayloadDecoder {
  /// Decompresses from `payload` into `image`, until the image has what it wants or the payload's data ends.
  ///
  /// - Throws: ``BootImageError`` if the data is corrupt, or breaks off.
  func decode(_ payload: inout PayloadReader, into image: inout KernelImageReader) throws(BootImageError)
}

/// A library's streaming decoder: any number of bytes in, any number out.
protocol StreamDecoder: PayloadDecoder {
  /// Decodes some of `input` into some of `output`.
  func step(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> StreamStep
}

/// What one step of a streaming decoder did.
struct StreamStep {
  enum State {
    case more
    case end
    case failed(String)
  }

  var used: Int
  var produced: Int
  var state: State
}

extension StreamDecoder {
  func decode(_ payload: inout PayloadReader, into image: inout KernelImageReader) throws(BootImageError) {
    var output = [UInt8](repeating: 0, count: 128 << 10)
    while true {
      let step = payload.use { (input) -> (used: Int, result: StreamStep) in
        let step = output.withUnsafeMutableBufferPointer { self.step(input, $0) }
        return (step.used, step)
      }
      if step.produced > 0 {
        let span = output.span
        guard try image.consume(span.extracting(first: step.produced)) else { return }
      }
      switch step.state {
      case .failed(let problem):
        throw .corrupt(payload.compression, problem, decompressed: image.position)
      case .end:
        return
      case .more:
        // A step that did nothing has no input left; otherwise every turn uses up payload or room in the image.
        guard step.used == 0, step.produced == 0 else { continue }
        guard try payload.refill() else {
          throw .truncated(payload.compression, decompressed: image.position)
        }
      }
    }
  }
}

/// A kernel that is not compressed.
struct UncompressedPayload: PayloadDecoder {
  func decode(_ payload: inout PayloadReader, into image: inout KernelImageReader) throws(BootImageError) {
    while try payload.refill() {
      let bytes = payload.use { ($0.count, Array($0)) }
      let span = bytes.span
      guard try image.consume(span) else { return }
    }
  }
}
