internal import Audit
internal import KernelModel

extension Page {
  /// Where the pointers to code lead that the kernel and its modules were built with.
  mutating func writePointerAccounts(_ answers: [Answer]) {
    let counted = answers.filter { !$0.examination.pointerAccounts.isEmpty }
    guard !counted.isEmpty else { return }
    blank()
    line("POINTERS TO CODE", as: .heading)
    for answer in counted {
      let sum = PointerAccount(sumOf: answer.examination.pointerAccounts)
      entry(
        "\(answer.check.id)", sum.sentence, indent: 2, column: 4 + answer.check.id.count,
        as: sum.unexplained == 0 ? .good : .bad)
    }
  }
}

extension PointerAccount {
  /// The accounts of one check, added up.
  init(sumOf accounts: [PointerAccount]) {
    self.init(object: accounts.count == 1 ? accounts[0].object : "")
    for account in accounts { self += account }
  }

  /// A sentence for each check of `verdict` that counted some.
  static func sentences(of verdict: Verdict) -> [PlainText] {
    verdict.answers.map(\.examination.pointerAccounts).filter { !$0.isEmpty }.map { PointerAccount(sumOf: $0).sentence }
  }

  /// How many pointers there are, and what of them, in one sentence.
  var sentence: PlainText {
    var parts: [PlainText] = [
      "\(unchanged) are the vendor's own value", "\(alike) lead to owned code of the same prototype",
    ]
    if untyped > 0 { parts.append("\(untyped) to owned code whose prototype is not known") }
    if followed > 0 { parts.append("\(followed) are static calls and their like, which kernel-text judges") }
    if empty > 0 { parts.append("\(empty) are empty by now") }
    parts.append(
      unexplained == 0 ? "0 are unexplained" : "\(unexplained) \(unexplained == 1 ? "IS" : "ARE") UNEXPLAINED")
    return "of \(pointers) code pointers in writable kernel memory, \(PlainText.join(parts))"
  }
}
