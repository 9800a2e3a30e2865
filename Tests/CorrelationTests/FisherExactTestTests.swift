import Foundation
import Testing

@testable import Correlation

@Suite struct FisherExactTestTests {
  private let test = FisherExactTest(mostHosts: 1000)

  private func log10P(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
    test.log10P(Contingency(affectedWith: a, affectedWithout: b, healthyWith: c, healthyWithout: d))
  }

  @Test func `the lady who tasted tea`() {
    // R. A. Fisher, The Design of Experiments, 1935: 3 of 4 cups named rightly, p = 17/70; all 4, p = 1/70.
    #expect(abs(log10P(3, 1, 1, 3) - log10(17.0 / 70)) < 1e-9)
    #expect(abs(log10P(4, 0, 0, 4) - log10(1.0 / 70)) < 1e-9)
  }

  @Test func `what all have, or none, or the healthy more, is what chance does`() {
    #expect(log10P(5, 0, 7, 0) == 0)
    #expect(log10P(0, 5, 0, 7) == 0)
    #expect(log10P(0, 5, 3, 4) == 0)
    #expect(log10P(0, 0, 0, 0) == 0)
    #expect(log10P(1, 9, 9, 1) > -1e-3)
  }

  @Test func `numbers too small for a Double are told`() {
    // 1 / (1000 choose 500), by Python's math.comb.
    #expect(abs(log10P(500, 0, 0, 500) - -299.431827) < 1e-5)
  }
}
