internal import KernelModel
internal import Report
internal import Vendor

/// Who signed a package, in words.
enum SignatureText {
  /// `by Debian Archive Automatic Signing Key (12/bookworm) <ftpmaster@debian.org> 4CB5…, over InRelease of 2026-07-11, …`.
  static func words(_ signature: PackageSignature) -> PlainText {
    let key = signature.key.isEmpty ? "no key that it names" : signature.key
    guard signature.isVerified else {
      return "by key \(key), over \(signature.document); not verified: \(signature.obstacle)"
    }
    let name = signature.signer.isEmpty ? "a key without a name" : signature.signer
    let primary = signature.primary == signature.key ? "" : " of \(signature.primary)"
    let expiry = signature.keyExpiredAt.map { "; the key expired since, on \(day($0))" } ?? ""
    let made = signature.madeAt.map { ", made \(day($0))" } ?? ""
    return "by \(name) \(signature.key)\(primary), over \(signature.document)\(made)\(expiry)"
  }

  private static func day(_ time: UTCTime) -> String { String(time.description.prefix(10)) }

  /// What verification says of a kernel's packages.
  static func lines(_ kernel: StoredKernel, _ reviews: [SignatureReview]) -> String {
    let head = "\(kernel.buildID)  \(kernel.release)"
    if reviews.isEmpty { return StoreText.text(["\(head): not signed: its files are of no package"]) }
    var lines = reviews.map { review -> PlainText in
      let name = "\(head), \(review.package.name) \(review.package.version)"
      switch review.outcome {
      case .verified(let signature, let word):
        let rest = word.isEmpty ? "" : "; by the store's word alone: \(word)"
        return "\(name): verified: signed \(words(signature))\(rest)"
      case .recorded(let signature, let why):
        return "\(name): verified when it was added, and not again: \(why): signed \(words(signature))"
      case .noted(let signature): return "\(name): not verified: signed \(words(signature))"
      case .unsigned: return "\(name): not signed: nothing that vouches for it was given when it was added"
      case .wrong: return "\(name): WRONG"
      }
    }
    let loose = kernel.files.count { $0.package == nil }
    if loose > 0 { lines.append("\(head): not signed: \(String(loose)) files of no package") }
    return StoreText.text(lines)
  }
}

extension SignatureReview {
  /// Whether a key vouches for the package now; what the store says of before is no answer.
  var isSigned: Bool {
    if case .verified = outcome { true } else { false }
  }
}
