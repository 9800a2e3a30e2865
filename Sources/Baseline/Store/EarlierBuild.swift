package import KernelModel

/// Another build of the kernel that a host has a baseline of: what it ran before an upgrade.
package struct EarlierBuild: Hashable, Sendable {
  package let release: String
  package let buildID: BuildID
  /// When its baseline was written last; nil if that is not known.
  package let recordedAt: UTCTime?

  package init(release: String, buildID: BuildID, recordedAt: UTCTime?) {
    self.release = release
    self.buildID = buildID
    self.recordedAt = recordedAt
  }

  /// `6.1.0-30-amd64, 2026-11-30T03:00:00Z`.
  package var words: String { release + (recordedAt.map { ", \($0)" } ?? "") }
}

extension BaselineStore {
  /// Baselines that are looked at; a host keeps a few kernels.
  private static let most = 256

  /// The build whose baseline was written last, of all but this one; nil if there is none that can be read.
  package func latest(butFor buildID: BuildID) -> EarlierBuild? {
    // It only says more; whoever needs a baseline is told what is wrong with it where it is read.
    let others = ((try? list()) ?? []).filter { $0 != buildID }.prefix(Self.most)
    return others.compactMap { other in
      guard let stored = try? read(other), let file = try? BaselineFile.decode(stored.bytes) else { return nil }
      return EarlierBuild(release: file.state.release, buildID: other, recordedAt: stored.modified)
    }.max { ($0.recordedAt?.secondsSince1970 ?? 0) < ($1.recordedAt?.secondsSince1970 ?? 0) }
  }
}
