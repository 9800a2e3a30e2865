/// A word that means nothing.
enum RandomName {
  static func make() -> String {
    String((0..<Int.random(in: 5...9)).compactMap { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() })
  }
}
