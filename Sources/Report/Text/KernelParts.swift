internal import KernelModel

extension KernelIdentity {
  /// Which kernel it is, in the words of every report for a person, and whether its two build ids contradict each other.
  var parts: [(name: PlainText, text: PlainText, isContradiction: Bool)] {
    let release: PlainText = "\(self.release) \(machine)"
    switch (claimedBuildID, buildIDInMemory) {
    case (.success(let claimed), .success(let inMemory)) where claimed == inMemory:
      return [("kernel", "\(release), build id \(claimed)", false)]
    case (.success(let claimed), .success(let inMemory)):
      return [
        ("kernel", release, false),
        (
          "build id",
          "CONTRADICTION: the kernel claims \(claimed), its memory holds \(inMemory); one of the two is false", true
        ),
      ]
    case (.success(let claimed), .failure(let withheld)):
      return [
        ("kernel", "\(release), build id \(claimed) (claimed)", false),
        ("build id", "not confirmed in memory: \(sentence: withheld.description)", false),
      ]
    case (.failure(let withheld), .success(let inMemory)):
      return [
        ("kernel", "\(release), build id \(inMemory) (in memory)", false),
        ("build id", "not claimed by the kernel: \(sentence: withheld.description)", false),
      ]
    case (.failure(let claim), .failure):
      return [("kernel", "\(release), build id unknown: \(sentence: claim.description)", false)]
    }
  }
}

extension Withheld {
  /// The remedy, or where to ask for one.
  var whatToDo: String { remedy.isEmpty ? "nothing is known to help; run `liveprobe doctor`" : remedy }
}
