/// What a store knows of who signed a package, once it was asked again.
package struct SignatureReview: Equatable, Sendable {
  package let package: PackageIdentity
  package let outcome: Outcome

  package indirect enum Outcome: Equatable, Sendable {
    /// What is kept of it was verified again; and what of the way to the files is the store's own word.
    case verified(PackageSignature, restsOn: String)
    /// It was verified when the package was added, and was not now, and why.
    case recorded(PackageSignature, why: String)
    /// Who signed it is known by what the signature says alone.
    case noted(PackageSignature)
    /// Nobody is known to have signed it.
    case unsigned
    /// What is kept is not what was signed, and why.
    case wrong(String)
  }
}

extension KernelStore {
  /// Who signed the packages of `kernel`.
  ///
  /// - Parameter verifier: with a keyring, or nil to tell what was noted.
  package func review(_ kernel: StoredKernel, _ verifier: PackageVerifier?) -> [SignatureReview] {
    kernel.packages.indices.map { place in
      let signatures = kernel.signatures[place] ?? []
      let outcome: SignatureReview.Outcome
      if let signature = signatures.first(where: \.isVerified) ?? (verifier == nil ? nil : signatures.first) {
        outcome =
          verifier.map { review(signature, kernel, place, $0) } ?? .recorded(signature, why: "no keyring was given")
      } else {
        outcome = signatures.first.map { .noted($0) } ?? .unsigned
      }
      return SignatureReview(package: kernel.packages[place], outcome: outcome)
    }
  }

  private func review(
    _ signature: PackageSignature, _ kernel: StoredKernel, _ place: Int, _ verifier: PackageVerifier
  ) -> SignatureReview.Outcome {
    if signature.way == .file {
      let why = "it is of the package's file, which is not kept"
      return signature.isVerified ? .recorded(signature, why: why) : .noted(signature)
    }
    do throws(StoreFault) {
      let evidence = try evidence(of: signature)
      let (again, digests) = try StoreFault.vendor { () throws(VendorFileError) in
        try verifier.again(signature, evidence)
      }
      guard let verified = again.first(where: \.isVerified) else { return .noted(signature) }
      if signature.way == .repository {
        return .verified(verified, restsOn: "that its list names the package, and that the files are this package's")
      }
      for file in kernel.files where file.package == place {
        guard let digest = digests["/" + file.path] else {
          return .wrong("\(file.path) is not in the signed header, or not by SHA-256")
        }
        guard digest == file.digest else { return .wrong("\(file.path) is not the file of the signed header") }
      }
      return .verified(verified, restsOn: "")
    } catch {
      // What is kept may be right all the same.
      if case .vendor(.unsigned(let why)) = error {
        return signature.isVerified ? .recorded(signature, why: why) : .noted(signature)
      }
      return .wrong("\(error)")
    }
  }
}
