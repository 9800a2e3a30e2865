internal import Cryptography

/// The keys in files that the user names.
enum Keys {
  static func publicKey(_ path: String) throws -> PublicKey { try read(path, PublicKey.init(file:)) }

  static func privateKey(_ path: String) throws -> PrivateKey { try read(path, PrivateKey.init(file:)) }

  private static func read<Key>(_ path: String, _ read: (String) throws(KeyError) -> Key) throws -> Key {
    do {
      return try read(path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }
}
