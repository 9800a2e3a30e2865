/// What is registered with every kernel, by where it hangs.
///
/// Each row says beside it where the kernel's source has it (Linux v5.10 to v7.2, if nothing else is said). Rows of one name are layouts
/// of several kernels, or several ways to the same.
extension RegisteredRow {
  package static let rows = network + files + devices + work
}
