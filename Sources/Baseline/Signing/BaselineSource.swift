package import Cryptography
import Files
package import KernelModel

/// Where the baseline of a kernel is to be taken from, and what it must have to be trusted.
package struct BaselineSource {
  /// A baseline's file, or a folder in which the kernel's own is looked up.
  package var path: String
  /// The key that must have signed it; nil if no signature is asked for.
  package var publicKey: PublicKey?
  /// The earliest time at which it may have been signed.
  package var notBefore: UTCTime?

  package init(path: String, publicKey: PublicKey? = nil, notBefore: UTCTime? = nil) {
    self.path = path
    self.publicKey = publicKey
    self.notBefore = notBefore
  }

  /// A baseline that may be compared with.
  package struct Accepted {
    package var file: BaselineFile
    package var path: String
    /// When it was signed or, if no signature was asked for, when its file was written.
    package var since: UTCTime?
    /// Of the key whose signature was verified.
    package var keyID: String?
    /// What a reader should know besides.
    package var remarks: [String] = []
  }

  package enum Failure: Error {
    /// There is no baseline of this kernel.
    case absent(Withheld)
    /// There is one, and it is not to be trusted.
    case refused(Withheld)

    package var withheld: Withheld {
      switch self {
      case .absent(let withheld), .refused(let withheld): withheld
      }
    }
  }

  /// The baseline of the kernel with this build id.
  package func baseline(for buildID: BuildID) throws(Failure) -> Accepted {
    let (stored, store) = try find(buildID)
    var accepted: Accepted
    do throws(BaselineRefusal) {
      accepted = try accept(stored, for: buildID)
    } catch {
      throw Self.refused(stored.path, error)
    }
    guard publicKey != nil, let signedAt = accepted.since else { return accepted }
    guard let store else {
      accepted.remarks.append("whether the baseline was rolled back is not known: its folder is not this user's alone")
      return accepted
    }
    let newest: UTCTime?
    do throws(StoreError) {
      newest = try store.newestSignature(for: buildID)
    } catch {
      throw .refused(
        Withheld(
          "what is remembered of signatures", why: error.description,
          remedy: "if no one knows why, treat this host as suspect; else remove the file"))
    }
    if let newest, signedAt < newest {
      throw Self.refused(stored.path, .rolledBack(signedAt: signedAt, newest: newest))
    }
    do throws(StoreError) {
      try store.remember(signedAt, for: buildID)
    } catch {
      accepted.remarks.append("when the baseline was signed could not be remembered: \(error)")
    }
    return accepted
  }

  private static func refused(_ path: String, _ refusal: BaselineRefusal) -> Failure {
    .refused(Withheld("the baseline \(path)", why: refusal.reason, remedy: refusal.remedy))
  }

  /// The file, and the folder it lies in if that is ours alone.
  private func find(_ buildID: BuildID) throws(Failure) -> (StoredBaseline, BaselineStore?) {
    if FileStatus(at: path, followingLinks: true)?.kind == .folder {
      do throws(StoreError) {
        let store = try BaselineStore(path)
        return (try store.read(buildID), store)
      } catch .absent(let missing) {
        throw .absent(absence(at: missing, earlier: (try? BaselineStore(path))?.latest(butFor: buildID)))
      } catch {
        throw .refused(Withheld("the baseline", why: error.description))
      }
    }
    do throws(FileFault) {
      let stored = try StoredBaseline(file: path)
      // A folder that is not ours alone has no memory to be trusted, which is said.
      return (stored, try? BaselineStore(Folder.split(path).folder))
    } catch {
      guard !error.isAbsence else { throw .absent(absence(at: path)) }
      throw .refused(Withheld("the baseline \(path)", why: error.problem))
    }
  }

  private func absence(at missing: String, earlier: EarlierBuild? = nil) -> Withheld {
    let before = earlier.map {
      "; the newest one is of another build, \($0.words): another kernel was started since, as after an upgrade"
    }
    return Withheld(
      "a baseline for this kernel", why: "there is none at \(missing)\(before ?? "")",
      remedy: "if this kernel is to be trusted, record it: liveprobe baseline record"
        + (path == BaselineStore.standardPath ? "" : " --store \(path)"))
  }

  private func accept(_ stored: StoredBaseline, for buildID: BuildID) throws(BaselineRefusal) -> Accepted {
    let file: BaselineFile
    do throws(RecordFormatError) {
      file = try BaselineFile.decode(stored.bytes)
    } catch {
      throw .unreadable(error)
    }
    var accepted = Accepted(file: file, path: stored.path, since: stored.modified)
    if let publicKey {
      let signature: RecordSignature
      do throws(SignatureRefusal) {
        signature = try file.verify(with: publicKey)
      } catch {
        throw .signature(error)
      }
      (accepted.since, accepted.keyID) = (signature.signedAt, signature.keyID)
      if let notBefore, signature.signedAt < notBefore {
        throw .tooOld(signedAt: signature.signedAt, notBefore: notBefore)
      }
    }
    guard file.state.buildID == buildID else {
      throw .otherBuild(file.state.buildID, release: file.state.release, running: buildID)
    }
    return accepted
  }
}
