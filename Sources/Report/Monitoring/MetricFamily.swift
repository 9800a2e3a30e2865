/// A metric with all its samples, as Prometheus's text-based exposition format writes it.
struct MetricFamily {
  struct Sample {
    private let labels: [(name: PlainText, value: PlainText)]
    private let value: PlainText

    init(labels: [(key: PlainText, value: PlainText)], value: PlainText) {
      self.labels = labels.map { (name: $0.key, value: $0.value) }
      self.value = value
    }

    init(_ labels: KeyValuePairs<PlainText, PlainText>, _ value: PlainText) {
      self.init(labels: Array(labels), value: value)
    }

    init(_ labels: KeyValuePairs<PlainText, PlainText>, _ value: Int) {
      self.init(labels, "\(value)")
    }

    fileprivate func line(_ name: PlainText) -> PlainText {
      // Nothing else that means something there is left in a plain text: no line ends.
      let pairs = labels.map { "\($0.name)=\"\($0.value.backslashing(["\\", "\""]))\"" as PlainText }
      return pairs.isEmpty ? "\(name) \(value)" : "\(name){\(PlainText.join(pairs, ","))} \(value)"
    }
  }

  let name: PlainText
  private let help: PlainText
  private let samples: [Sample]

  init(_ name: PlainText, _ help: PlainText, _ samples: [Sample]) {
    self.name = name
    self.help = help
    self.samples = samples
  }

  /// The lines; none without samples.
  ///
  /// Every metric is a gauge: each file says how one scan ended, and nothing is counted over several.
  var lines: [PlainText] {
    guard !samples.isEmpty else { return [] }
    return ["# HELP \(name) \(help)", "# TYPE \(name) gauge"] + samples.map { $0.line(name) }
  }
}
