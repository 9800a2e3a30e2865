package import Audit
internal import KernelModel

/// The report for Prometheus: a file for the textfile collector of its node_exporter.
///
/// What is not known has no sample, rather than one that says 0. Sources: Prometheus, "Exposition formats" (text-based
/// format) and "Metric and label naming"; node_exporter, "Textfile collector".
package struct PrometheusReport: ReportFormat {
  private let toolVersion: String

  /// - Parameter toolVersion: what `liveprobe --version` says.
  package init(toolVersion: String) {
    self.toolVersion = toolVersion
  }

  package func render(_ verdict: Verdict, _ measurements: Measurements) -> String {
    let families =
      identity(verdict) + Self.conclusion(verdict) + Self.checks(verdict.answers) + Self.baseline(verdict.baseline)
      + Self.run(verdict, measurements)
    return families.flatMap(\.lines).map { "\($0)\n" }.joined()
  }

  private func identity(_ verdict: Verdict) -> [MetricFamily] {
    var families = [
      MetricFamily("liveprobe_info", "Which liveprobe made this file.", [.init(["version": "\(toolVersion)"], 1)])
    ]
    if let kernel = verdict.kernel {
      let buildID: PlainText =
        if case .success(let id) = kernel.buildIDInMemory { "\(id)" } else { "" }
      families.append(
        MetricFamily(
          "liveprobe_kernel_info", "Which kernel was scanned; its build id is the one in memory.",
          [.init(["build_id": buildID, "machine": "\(kernel.machine)", "release": "\(kernel.release)"], 1)]))
    }
    return families
  }

  private static func conclusion(_ verdict: Verdict) -> [MetricFamily] {
    [
      MetricFamily(
        "liveprobe_status", "What the last scan concluded: the status that is 1.",
        states("status", Status.allCases.map(\.word), current: verdict.status.word)),
      MetricFamily(
        "liveprobe_obstacles", "Reasons why the last scan could not start.", [.init([:], verdict.obstacles.count)]),
      MetricFamily(
        "liveprobe_implants", "Runs of memory that findings lead to.",
        verdict.kernel == nil ? [] : [.init([:], verdict.implants.count)]),
    ]
  }

  private static func checks(_ answers: [Answer]) -> [MetricFamily] {
    func each(_ name: PlainText, _ help: PlainText, _ value: (Answer) -> Int) -> MetricFamily {
      MetricFamily(name, help, answers.map { .init(["check": "\($0.check.id)"], value($0)) })
    }
    let compared = answers.filter { !$0.examination.accounts.isEmpty }
    func sum(_ name: PlainText, _ help: PlainText, _ bytes: (TextAccountSum) -> UInt64) -> MetricFamily {
      MetricFamily(
        name, help,
        compared.map {
          .init(["check": "\($0.check.id)"], "\(bytes(TextAccountSum($0.examination.accounts)))")
        })
    }
    let counted = answers.filter { !$0.examination.pointerAccounts.isEmpty }
    func pointers(_ name: PlainText, _ help: PlainText, _ count: KeyPath<PointerAccount, UInt64>) -> MetricFamily {
      MetricFamily(
        name, help,
        counted.map {
          let sum = PointerAccount(sumOf: $0.examination.pointerAccounts)
          return .init(["check": "\($0.check.id)"], "\(sum[keyPath: count])")
        })
    }
    return [
      MetricFamily(
        "liveprobe_check_outcome", "How each check ended: the outcome that is 1.",
        answers.flatMap { answer in
          states(
            "outcome", Outcome.words, current: answer.outcome.word, also: ["check": "\(answer.check.id)"])
        }),
      MetricFamily(
        "liveprobe_findings", "What is wrong, by check and severity.",
        answers.flatMap { answer in
          [Finding.Severity.critical, .warning].map { severity in
            .init(
              ["check": "\(answer.check.id)", "severity": "\(severity.rawValue)"],
              answer.findings.count { $0.severity == severity })
          }
        }),
      each("liveprobe_accepted_findings", "Findings that allow rules accept; no part of the status.") {
        $0.accepted.count
      },
      each("liveprobe_unanswered_questions", "Parts of a check's question that have no answer.") {
        $0.openQuestions.count
      },
      each("liveprobe_facts", "Facts that a check noted.") { $0.examination.facts.count },
      sum("liveprobe_compared_bytes", "Code and constants compared byte for byte.") { $0.comparedBytes },
      sum("liveprobe_unexplained_bytes", "Bytes that differ from the vendor's and that nothing explains.") {
        $0.unexplainedBytes
      },
      pointers("liveprobe_code_pointers", "Pointers to code in writable memory that were looked at.", \.pointers),
      pointers("liveprobe_unchanged_code_pointers", "Those of them that hold the vendor's own value.", \.unchanged),
      pointers(
        "liveprobe_alike_code_pointers", "Those that lead to other owned code of the same prototype.", \.alike),
      pointers("liveprobe_unexplained_code_pointers", "Those that nothing explains.", \.unexplained),
    ]
  }

  /// Nothing if no comparison was asked for.
  private static func baseline(_ comparison: BaselineComparison?) -> [MetricFamily] {
    guard let comparison else { return [] }
    var families = [
      MetricFamily(
        "liveprobe_baseline_state", "What came of the comparison with the baseline: the state that is 1.",
        states("state", BaselineComparison.Outcome.words, current: comparison.outcome.word))
    ]
    switch comparison.outcome {
    case .unchanged, .drifted:
      families.append(
        MetricFamily(
          "liveprobe_drift", "Facts that are not as the baseline has them, by kind.",
          Drift.Kind.allCases.map { kind in
            .init(["kind": "\(kind.rawValue)"], comparison.drift.count { $0.kind == kind })
          }))
    case .absent, .refused: break
    }
    if let recorded = comparison.recordedAt.flatMap({ UTCTime($0) }) {
      families.append(
        MetricFamily(
          "liveprobe_baseline_recorded_timestamp_seconds", "When the baseline was recorded or signed.",
          [.init([:], recorded.secondsSince1970)]))
    }
    return families
  }

  private static func run(_ verdict: Verdict, _ measurements: Measurements) -> [MetricFamily] {
    [
      MetricFamily(
        "liveprobe_last_run_timestamp_seconds", "When the last scan began.",
        measurements.start.map { [.init([:], $0.secondsSince1970)] } ?? []),
      MetricFamily(
        "liveprobe_last_run_duration_seconds", "How long the last scan took.",
        [.init([:], measurements.seconds)]),
      MetricFamily(
        "liveprobe_looks", "How many times the last scan acquired the kernel.", [.init([:], verdict.looks)]),
      MetricFamily(
        "liveprobe_kcore_read_bytes", "Bytes of kernel memory that the last scan read.",
        [.init([:], "\(measurements.kcoreBytesRead)")]),
      MetricFamily(
        "liveprobe_peak_memory_bytes", "The most memory that the last scan had.",
        [.init([:], "\(measurements.peakMemoryBytes)")]),
    ]
  }

  /// A state set: one sample for each of `words`, 1 for the current one.
  private static func states(
    _ label: PlainText, _ words: [String], current: String, also: KeyValuePairs<PlainText, PlainText> = [:]
  ) -> [MetricFamily.Sample] {
    words.map { word in
      MetricFamily.Sample(labels: Array(also) + [(label, "\(word)")], value: word == current ? "1" : "0")
    }
  }
}
