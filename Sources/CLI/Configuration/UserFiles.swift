internal import ArgumentParser

/// What the user's files say.
enum UserFiles {
  /// What `load` makes of them; what is wrong with them is wrong with the command line.
  static func accepted<Value>(_ load: () throws -> Value) throws -> Value {
    do {
      return try load()
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
