import Testing

@testable import Checks

@Suite struct SystemCallNumbersTests {
  private static let tables = [
    ("x86_64", SystemCallTables.x86_64, SystemCallNumbers.x86_64),
    ("x32", SystemCallTables.x32, SystemCallNumbers.x32),
    ("i386", SystemCallTables.i386, SystemCallNumbers.i386),
  ]

  private func entry(_ number: Int, in entries: [SystemCallNumbers.Entry]) -> SystemCallNumbers.Entry? {
    entries.first { $0.number == number }
  }

  @Test func `well-known numbers of 64-bit programs are there`() {
    let entries = SystemCallNumbers.x86_64
    #expect(entry(0, in: entries) == .init(number: 0, name: "read", entryPoints: ["sys_read"]))
    #expect(entry(4, in: entries) == .init(number: 4, name: "stat", entryPoints: ["sys_newstat"]))
    #expect(entry(59, in: entries) == .init(number: 59, name: "execve", entryPoints: ["sys_execve"]))
    #expect(entry(462, in: entries) == .init(number: 462, name: "mseal", entryPoints: ["sys_mseal"]))
  }

  @Test func `a mark in place of the compat entry point is no entry point`() {
    #expect(entry(60, in: SystemCallNumbers.x86_64)?.entryPoints == ["sys_exit"])
  }

  @Test func `a call that is served no more has no entry point`() {
    #expect(entry(134, in: SystemCallNumbers.x86_64) == .init(number: 134, name: "uselib", entryPoints: []))
    #expect(entry(134, in: SystemCallNumbers.i386) == .init(number: 134, name: "bdflush", entryPoints: []))
  }

  @Test func `32-bit programs have numbers of their own, and compat entry points`() {
    let entries = SystemCallNumbers.i386
    #expect(entry(3, in: entries) == .init(number: 3, name: "read", entryPoints: ["sys_read"]))
    #expect(
      entry(11, in: entries)
        == .init(number: 11, name: "execve", entryPoints: ["sys_execve", "compat_sys_execve"]))
  }

  @Test func `x32 programs have the numbers 512 to 547 for themselves`() {
    let entries = SystemCallNumbers.x32
    #expect(entries.map(\.number) == Array(512...547))
    #expect(entries.first?.name == "rt_sigaction")
    #expect(entries.first?.entryPoints == ["compat_sys_rt_sigaction"])
    #expect(!SystemCallNumbers.x86_64.contains { (512...547).contains($0.number) })
  }

  @Test func `every line of every table is an entry`() {
    for (abi, table, entries) in Self.tables {
      #expect(table.split(separator: "\n").count == entries.count, "\(abi)")
      #expect(entries.allSatisfy { $0.entryPoints.allSatisfy { $0.contains("sys_") } }, "\(abi)")
    }
    #expect(SystemCallNumbers.x86_64.count > 350)
    #expect(SystemCallNumbers.i386.count > 430)
  }

  @Test func `numbers ascend, none stands twice`() {
    for (abi, _, entries) in Self.tables {
      #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.number < $1.number }, "\(abi)")
    }
  }
}
