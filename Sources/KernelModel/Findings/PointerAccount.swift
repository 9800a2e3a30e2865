/// Where the pointers lead that an object's file puts into memory that may change, and that code is reached through.
package struct PointerAccount: Hashable, Sendable {
  /// `kernel`, or a module's name.
  package var object: String
  /// Pointers that were looked at.
  package var pointers: UInt64 = 0
  /// Those that hold what the file says.
  package var unchanged: UInt64 = 0
  /// Those that lead to another function of somebody who may be there, which is called as the file's own is.
  package var alike: UInt64 = 0
  /// Those that do, and of one of the two functions no type is known.
  package var untyped: UInt64 = 0
  /// Those that lead nowhere any more.
  package var empty: UInt64 = 0
  /// Those that the kernel patches its code by, which are judged where that is: static calls.
  package var followed: UInt64 = 0
  /// Those that nothing explains.
  package var unexplained: UInt64 = 0

  package init(object: String) {
    self.object = object
  }

  package static func += (left: inout Self, right: Self) {
    for number in [\Self.pointers, \.unchanged, \.alike, \.untyped, \.empty, \.followed, \.unexplained] {
      let (sum, overflow) = left[keyPath: number].addingReportingOverflow(right[keyPath: number])
      left[keyPath: number] = overflow ? .max : sum
    }
  }
}
