internal import Baseline

/// The keys in files that the user names.
enum Keys {
  static func publicKey(_ path: String) throws -> PublicKey {
    do {
      return try PublicKey(file: path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }

  static func privateKey(_ path: String) throws -> PrivateKey {
    do {
      return try PrivateKey(file: path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }
}
