/// All of a running kernel's executable memory, and whose it is.
package struct ExecutableMap: Hashable, Sendable {
  /// Pages side by side that have one owner and one permission.
  package struct Row: Hashable, Sendable {
    package var region: MemoryRegion
    package var isWritable: Bool
    /// What kind of thing owns it, in words; nil if nobody does.
    package var kind: String?
    /// The owner's own name: a module's, a BPF program's.
    package var name: String

    package init(region: MemoryRegion, isWritable: Bool, kind: String?, name: String) {
      self.region = region
      self.isWritable = isWritable
      self.kind = kind
      self.name = name
    }
  }

  /// Lowest address first.
  package var rows: [Row]
  /// Why the kernel's own structures could not be asked, so that what nobody owns may have an owner; nil if they could.
  package var unknown: CannotCheck?

  package init(rows: [Row], unknown: CannotCheck? = nil) {
    self.rows = rows
    self.unknown = unknown
  }
}
