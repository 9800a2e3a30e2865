extension [UInt8] {
  /// `count` bytes that `fill` fills, all of them.
  package init<Fault>(count: Int, filledBy fill: (inout MutableRawSpan) throws(Fault) -> Void) throws(Fault) {
    try self.init(unsafeUninitializedCapacity: count) { (buffer, filled) throws(Fault) in
      var bytes = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]).mutableBytes
      try fill(&bytes)
      filled = count
    }
  }
}
