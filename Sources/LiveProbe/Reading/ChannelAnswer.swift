/// What one read through a channel gave.
package struct ChannelAnswer: Hashable, Sendable {
  /// How many bytes came, or the negative number of the error.
  package var result: Int
  /// Where the file's position is afterwards, for channels that move it; nil for the others.
  package var position: Int64?

  package init(_ result: Int, position: Int64? = nil) {
    self.result = result
    self.position = position
  }
}

/// A channel as the trials see it: a name, and a way to read a buffer full from an offset.
///
/// A closure, so that tests can put a liar in a channel's place.
package struct ReadingChannel {
  package let name: String
  package let read: (_ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer) -> ChannelAnswer

  package init(
    _ name: String, _ read: @escaping (_ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer) -> ChannelAnswer
  ) {
    self.name = name
    self.read = read
  }
}
