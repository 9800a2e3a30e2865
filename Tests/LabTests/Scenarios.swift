import Lab

extension Scenario {
  /// Every scenario, in the order in which guests go through them.
  static let all: [Scenario] = chosen(
    clean + recordedBaseline + ordinaryPatching + tamperedText + redirection + unprotectedMemory + callbacks + pointers
      + registered + network + bpfPrograms + tasks + unlistedModule
      + lyingReader + tamperedTables + provenance
      + limits + storm + acceptedHiddenModule + unownedCode + hiddenModule + keptBaseline + upgradedKernel
      + hiddenRedirection
      + machines
      + bootParameters + everyModule + services
      + lockdown)

  /// What flavours of a kernel are asked: whether they are clean as they boot.
  ///
  /// On an EPYC: Debian's 6.12 for clouds panics on the processor that can do all that the emulator can.
  static let plain: [Scenario] = chosen([
    Scenario(name: "clean", machine: Machine(processorModel: "EPYC", preparation: ""), change: nothing)
  ])

  /// Those that this run is asked for.
  private static func chosen(_ scenarios: [Scenario]) -> [Scenario] {
    let words = LabSettings().scenarios
    return words.isEmpty ? scenarios : scenarios.filter { scenario in words.contains { scenario.name.contains($0) } }
  }
}
