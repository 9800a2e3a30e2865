internal import Audit
internal import Baseline
internal import KernelModel

extension BaselineSource {
  /// Compares a verdict with the baseline of its kernel, and accepts what was accepted there.
  ///
  /// Nothing is done if no kernel was looked at.
  func compare(_ verdict: inout Verdict) {
    guard verdict.kernel != nil, verdict.obstacles.isEmpty else { return }
    verdict.baseline = comparison(with: &verdict)
  }

  private func comparison(with verdict: inout Verdict) -> BaselineComparison {
    let state: RecordedState
    do throws(Withheld) {
      state = try RecordedState(of: verdict)
    } catch {
      return BaselineComparison(source: path, outcome: .refused(error))
    }
    do throws(Failure) {
      let accepted = try baseline(for: state.buildID)
      verdict.accept(
        from: accepted.file.state, source: accepted.path, since: accepted.since?.description)
      return BaselineComparison(
        of: state, with: accepted.file.state, source: accepted.path, recordedAt: accepted.since?.description,
        keyID: accepted.keyID, remarks: accepted.remarks)
    } catch {
      switch error {
      case .absent(let withheld): return BaselineComparison(source: path, outcome: .absent(withheld))
      case .refused(let withheld): return BaselineComparison(source: path, outcome: .refused(withheld))
      }
    }
  }
}
