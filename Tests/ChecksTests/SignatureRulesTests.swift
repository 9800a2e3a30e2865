import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct SignatureRulesTests {
  private func decode(_ text: String) throws(SignatureRules.Malformed) -> SignatureRules {
    try SignatureRules(decoding: Array(text.utf8), name: "my.rules")
  }

  private func families(_ rules: SignatureRules, strings: [String]) throws -> [String] {
    let kernel = TestKernel()
    kernel.implant(strings: strings)
    let finding = Finding(
      kind: .systemCallEntry, severity: .critical, subject: Subject("sys_call_table", index: 0), message: "",
      expected: "", observed: "",
      target: TestKernel.orphan)
    let implants = Forensics(signatures: rules).investigate([finding], in: kernel.kernel)
    return try #require(implants.first).signatures.map(\.family)
  }

  @Test func `the rules shipped are well formed and know the families`() throws {
    let rules = try SignatureRules.shipped()
    let families = Set(rules.rules.map(\.family))
    #expect(families.isSuperset(of: ["diamorphine", "reptile", "kovid", "singularity", "pumakit", "voidlink"]))
    #expect(families.isSuperset(of: ["suterusu", "skidmap", "research-rootkit", "table-hook-tutorial"]))
    #expect(rules.rules.allSatisfy { !$0.note.isEmpty && !$0.source.isEmpty })
  }

  /// The authors and descriptions of published modules stand in `.modinfo`, which no kernel keeps in memory.
  @Test func `no rule shipped rests on what memory does not hold`() throws {
    let gone = [
      "m0nad", "MatheuZSecurity", "ByteKick", "TheXcellerator", "NondairyDig", "Catch Me If You Can",
      "whatever coorp", "Humzak711", "R3tr074", "shv-om",
    ]
    for rule in try SignatureRules.shipped().rules {
      #expect(
        !rule.strings.contains { gone.contains($0.text) || $0.text.contains("National Cheng Kung") }, "\(rule.family)")
      let counting = Set(rule.strings.filter { $0.weight == .counts })
      #expect(rule.strings.contains { $0.weight == .alone } || counting.count >= rule.needs, "\(rule.family)")
    }
  }

  /// A string that a pattern stands for.
  private func instance(_ pattern: SignatureRules.Pattern) -> String { pattern.text.replacing("*", with: "x1") }

  @Test func `each rule shipped matches a sample that holds its strings, and is named first`() throws {
    let shipped = try SignatureRules.shipped()
    for rule in shipped.rules {
      let sample = rule.strings.map(instance)
      let found = try families(shipped, strings: sample)
      #expect(found.contains(rule.family), "\(rule.family)")
      if !rule.isGeneral { #expect(found.first == rule.family, "\(rule.family): \(found)") }
    }
  }

  @Test func `no rule shipped matches what falls short of it, nor what others have too`() throws {
    for rule in try SignatureRules.shipped().rules {
      let only = SignatureRules(rules: [rule])
      let counting = rule.strings.filter { $0.weight == .counts }.map(instance)
      let also = rule.strings.filter { $0.weight == .also }.map(instance)
      let short = try families(only, strings: Array(counting.prefix(rule.needs - 1)) + also + ["none"])
      // A word may fulfil two patterns of one rule: fewer words are needed then.
      if Set(counting).count == counting.count, !rule.strings.contains(where: { $0.text.contains("*") }) {
        #expect(short.isEmpty, "\(rule.family)")
      }
      let alone = rule.strings.filter { $0.weight == .alone }.map(instance)
      for string in alone {
        #expect(try families(only, strings: [string]) == [rule.family], "\(rule.family): \(string)")
      }
    }
  }

  @Test func `what the kernel does not keep of a module matches nothing`() throws {
    let modinfo = [
      "license=GPL", "author=m0nad", "description=LKM rootkit", "author=TheXcellerator", "srcversion=B3C7",
      "vermagic=6.12.0 SMP", "name=harmless",
    ]
    #expect(try families(try SignatureRules.shipped(), strings: modinfo).isEmpty)
  }

  @Test func `a family stands before what several have in common`() throws {
    let rules = try decode(
      "family common\n  general yes\n  string fh_install\n  string hooked_*\n  string hook_one\nfamily own\n  string zero_t\n"
        + "  string obliv\n")
    let strings = ["fh_install", "hooked_a", "hook_one", "zero_t", "obliv"]
    #expect(try families(rules, strings: strings) == ["own", "common"])
  }

  @Test func `an also string is shown, and counts for nothing`() throws {
    let rules = try decode("family f\n  string hack_read\n  string hack_open\n  also module_hide\n")
    #expect(try families(rules, strings: ["hack_read", "module_hide"]).isEmpty)
    #expect(try families(rules, strings: ["hack_read", "hack_open", "module_hide"]) == ["f"])
  }

  @Test func `one string of several is not enough, two are`() throws {
    let rules = try decode("family f\n  note n\n  string hack_read\n  string hack_open\n")
    #expect(try families(rules, strings: ["hack_read", "other"]).isEmpty)
    #expect(try families(rules, strings: ["hack_read", "hack_open"]) == ["f"])
  }

  @Test func `the same string twice is one string`() throws {
    let rules = try decode("family f\n  string hack_read\n  string hack_open\n")
    #expect(try families(rules, strings: ["hack_read", "xx", "hack_read"]).isEmpty)
  }

  @Test func `a string that stands alone is enough`() throws {
    let rules = try decode("family f\n  alone diamorphine_secret\n  string other_name\n")
    #expect(try families(rules, strings: ["diamorphine_secret"]) == ["f"])
  }

  @Test func `a string counts only as a whole word, unless it is open`() throws {
    let closed = try decode("family f\n  needs 1\n  string hack_read\n")
    #expect(try families(closed, strings: ["unhack_read", "hack_reader"]).isEmpty)
    #expect(try families(closed, strings: ["call hack_read now"]) == ["f"])
    let open = try decode("family f\n  needs 1\n  string hack_*\n")
    #expect(try families(open, strings: ["hack_reader"]) == ["f"])
  }

  @Test(arguments: [
    ("string early", 1, "'string' before the first 'family'"),
    ("family a\n  string abc", 2, "'abc' is shorter than 4 characters"),
    ("family a\n  needs many\n", 2, "'needs' wants a number from 1 to 100, not 'many'"),
    (
      "family a\n  regex x+\n", 2,
      "'regex' is not known; known are family, note, source, needs, general, string, alone, also"
    ),
    ("family a\n  general no\n", 2, "'general' wants yes, not 'no'"),
    ("family a\n  string abcd\nfamily a", 3, "family a stands here a second time"),
    ("family a\n", 2, "family a has no string"),
    ("family\n", 1, "'family' has no value"),
    ("# \u{1b}[2J\n", 1, "holds a byte that is not printable ASCII"),
  ]) func `a rule file with an error is refused, with the line`(_ text: String, _ line: Int, _ problem: String) {
    #expect(throws: SignatureRules.Malformed(file: "my.rules", line: line, problem: problem)) {
      try decode(text)
    }
  }

  @Test func `any prefix of the shipped rules is accepted or refused`() throws {
    let text = "family f\n  note n\n  source s\n  needs 3\n  general yes\n  alone abcd\n  string efgh*\n  also ijkl\n"
    for end in 0...text.utf8.count {
      do {
        _ = try SignatureRules(decoding: Array(text.utf8.prefix(end)), name: "prefix")
      } catch {
        #expect(error.line >= 1)
      }
    }
  }
}
