import DecoderTrials
import Testing

/// Whatever the bytes, each decoder returns or throws, and keeps its promises.
@Suite struct DecoderPropertyTests {
  @Test(.timeLimit(.minutes(5)), arguments: DecoderTrial.allCases)
  func `valid samples keep every promise`(_ trial: DecoderTrial) {
    for sample in trial.samples {
      #expect(trial.run(sample) == nil)
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: DecoderTrial.allCases)
  func `any prefix is decoded or refused`(_ trial: DecoderTrial) {
    for sample in trial.samples {
      for count in 0...sample.count {
        let problem = trial.run(Array(sample.prefix(count)))
        #expect(problem == nil, "the first \(count) bytes")
      }
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: DecoderTrial.allCases)
  func `a flipped bit is decoded or refused`(_ trial: DecoderTrial) {
    for sample in trial.samples {
      // Every third: each of a byte's bits all the same.
      for bit in stride(from: 0, to: sample.count * 8, by: 3) {
        var damaged = sample
        damaged[bit / 8] ^= 1 << (bit % 8)
        let problem = trial.run(damaged)
        #expect(problem == nil, "bit \(bit) flipped")
      }
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: DecoderTrial.allCases)
  func `any random bytes are decoded or refused`(_ trial: DecoderTrial) {
    var random = SplitMix64(seed: 20_261_123)
    for round in 0..<150 {
      let bytes = (0..<Int.random(in: 0...600, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let problem = trial.run(bytes)
      #expect(problem == nil, "round \(round)")
      // Samples with a random stretch put over them get further than bytes that are random throughout.
      for var sample in trial.samples where !sample.isEmpty {
        let start = Int.random(in: 0..<sample.count, using: &random)
        let end = min(sample.count, start + Int.random(in: 1...16, using: &random))
        for index in start..<end { sample[index] = UInt8.random(in: 0...255, using: &random) }
        let problem = trial.run(sample)
        #expect(problem == nil, "round \(round), bytes \(start)..<\(end) overwritten")
      }
    }
  }
}

/// A random number generator whose numbers depend on nothing but its seed (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
