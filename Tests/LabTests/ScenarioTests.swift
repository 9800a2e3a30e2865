import Lab
import Testing

/// Each scenario on each kernel of the lab.
///
/// `Scenarios.swift` is the table.
@Suite("The lab's scenarios", .lab, .timeLimit(.minutes(60)))
struct ScenarioTests {
  @Test(arguments: LabSettings().labels, Scenario.all)
  func `a kernel in this state gets this verdict`(label: String, scenario: Scenario) async {
    await check(label, scenario)
  }

  @Test(arguments: LabSettings().flavours, Scenario.plain)
  func `a flavour of a kernel is clean as it boots`(label: String, scenario: Scenario) async {
    await check(label, scenario)
  }

  private func check(_ label: String, _ scenario: Scenario) async {
    let result = await LabRuns.shared.result(of: scenario.name, on: label)
    switch result.outcome {
    case .ran, .exempt, .left: break
    case .impossible(let reason):
      if LabSettings().mode == .required {
        Issue.record("\(label), \(scenario.name): \(reason)")
      } else {
        print("SKIPPED: \(label), \(scenario.name): \(reason)")
      }
    }
    for complaint in result.complaints { Issue.record("\(label), \(scenario.name): \(complaint)") }
  }
}
