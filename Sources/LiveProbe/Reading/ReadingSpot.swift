/// A place of a file that trials read.
struct ReadingSpot: Hashable {
  /// What is there, in words.
  let name: String
  let offset: UInt64
  let count: Int
}
