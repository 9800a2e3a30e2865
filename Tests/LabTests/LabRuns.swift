import Foundation
import Lab

/// Runs each kernel's scenarios once, however many tests ask for their results, and as many kernels at once as there is
/// room for.
actor LabRuns {
  static let shared = LabRuns()

  let settings = LabSettings()
  private var runs: [String: Task<[ScenarioResult], Never>] = [:]
  private var results: [String: [ScenarioResult]] = [:]
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []
  /// Those that take longest: they come first, so that no processor is left to one of them at the end.
  private var waitingLong: [CheckedContinuation<Void, Never>] = []

  private init() { free = settings.concurrentGuests }

  func result(of scenario: String, on label: String) async -> ScenarioResult {
    let run = runs[label] ?? Task { await self.run(label) }
    runs[label] = run
    return await run.value.first { $0.scenario == scenario }
      ?? ScenarioResult(label: label, scenario: scenario, outcome: .impossible("the run left it out"))
  }

  /// Waits for room for one more guest.
  ///
  /// Each call is followed by one of `leave`.
  ///
  /// - Parameter isLong: whether the guest, or several in a row, will take minutes.
  func enter(isLong: Bool = false) async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { if isLong { waitingLong.append($0) } else { waiting.append($0) } }
    }
  }

  func leave() {
    if !waitingLong.isEmpty {
      waitingLong.removeFirst().resume()
    } else if !waiting.isEmpty {
      waiting.removeFirst().resume()
    } else {
      free += 1
    }
  }

  private func run(_ label: String) async -> [ScenarioResult] {
    await enter(isLong: !settings.flavours.contains(label))
    let settings = settings
    let scenarios = settings.flavours.contains(label) ? Scenario.plain : Scenario.all
    let begin = ContinuousClock.now
    // A guest is waited for with blocking calls, which must not hold up the threads that tests share.
    let kernelResults = await withCheckedContinuation { continuation in
      Thread {
        var results = ScenarioResult.run(scenarios, label: label, settings: settings)
        // Debian's 6.12 for clouds panics under emulation now and then, while it boots or later: that is no answer.
        for attempt in 2...4 where settings.flavours.contains(label) && results.contains(where: \.isImpossible) {
          results = ScenarioResult.run(scenarios, label: label, settings: settings)
          for index in results.indices { results[index].attempts = attempt }
        }
        continuation.resume(returning: results)
      }.start()
    }
    leave()
    results[label] = kernelResults
    let table = (settings.labels + settings.flavours).compactMap { results[$0] }.flatMap { $0 }
    func rows(_ place: ScenarioResult.Place) -> Int { kernelResults.count { $0.places.contains(place) } }
    print(
      """
      kernel \(label): \(Int(begin.duration(to: .now).seconds)) s, rows scanned: \(rows(.saved)) of saved guests, \
      \(rows(.guest)) in guests, \(rows(.memory)) of the memory of guests
      \(ScenarioTable.markdown(kernelResults))
      """)
    ScenarioTable.write(table, to: settings.output)
    return kernelResults
  }
}
