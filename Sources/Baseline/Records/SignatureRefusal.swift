/// Why a signature does not hold.
package enum SignatureRefusal: Error, Hashable, Sendable {
  case unsigned
  /// Signed by the key of this id, and another was asked for.
  case foreignKey(String, expected: String)
  /// Not what the key signed.
  case altered(keyID: String)
}

extension SignatureRefusal: CustomStringConvertible {
  /// What is wrong, after the name of what was signed.
  package var description: String {
    switch self {
    case .unsigned: "is not signed"
    case .foreignKey(let id, let expected): "is signed by another key, \(id), and not by \(expected)"
    case .altered(let id): "was changed after it was signed: the signature of key \(id) is not for what it says"
    }
  }
}
