internal import Audit
internal import Baseline
internal import KernelModel

extension BaselineSource {
  /// How a verdict compares with the baseline of its kernel; nil if no kernel was looked at.
  func comparison(with verdict: Verdict) -> BaselineComparison? {
    guard verdict.kernel != nil, verdict.obstacles.isEmpty else { return nil }
    let state: RecordedState
    do throws(Withheld) {
      state = try RecordedState(of: verdict)
    } catch {
      return BaselineComparison(source: path, outcome: .refused(error))
    }
    do throws(Failure) {
      let accepted = try baseline(for: state.buildID)
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
