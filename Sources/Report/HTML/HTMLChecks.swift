internal import Audit
internal import KernelModel

/// What was asked, what the answers rest on, and what has no answer.
extension HTMLReport {
  static func checks(_ answers: [Answer]) -> PageSection {
    let rows = answers.map { answer in
      let grounds = answer.sortedExpectations.map { expectation in
        let reasons = HTML.items(expectation.whyNotBetter.map { HTML(PlainText(sentence: $0)) })
        return "compared: \(expectation.sentence) \(reasons)" as HTML
      }
      let remarks = answer.allRemarks.map { HTML(PlainText(sentence: $0)) }
      let all = grounds + remarks
      let details: HTML =
        all.isEmpty ? "" : HTML.details("what it rests on", HTML.items(all).paragraph)
      return """
        <tr class="\(answer.mark)"><td><span class="badge">\(answer.tableWord)</span></td>\
        <th scope="row">\(PlainText(answer.check.id))</th>\
        <td>\(PlainText(sentence: answer.check.question))<br/>\(answer.summary)
        \(details)</td></tr>

        """ as HTML
    }
    return PageSection(
      id: "checks", title: "Checks", note: rows.isEmpty ? "" : "\(rows.count)",
      body: rows.isEmpty
        ? "" : .table("Every question that was asked, and its answer", ["answer", "check", "question"], rows))
  }

  /// What was compared byte for byte, and what explains the bytes that are not as the vendor's files have them.
  static func bytesCompared(_ answers: [Answer]) -> PageSection {
    let compared = answers.filter { !$0.examination.accounts.isEmpty }
    let parts = compared.map { answer in
      let sum = TextAccountSum(answer.examination.accounts)
      let mark: HTML = sum.unexplainedBytes == 0 ? "<p>" : "<p class=\"alarm\">"
      let rows = sum.rows.map { row in
        """
        <tr><td>\(PlainText(row.title))</td><td class="number">\("\(row.sites)" as PlainText)</td>\
        <td class="number">\("\(row.changedBytes)" as PlainText)</td></tr>

        """ as HTML
      }
      let table: HTML =
        rows.isEmpty
        ? ""
        : .table(
          "\(answer.check.id): what explains the bytes that changed", ["explained by", "sites", "bytes changed"],
          numbers: [1, 2], rows)
      return "<h3>\(PlainText(answer.check.id))</h3>\n\(mark)\(sum.sentence)</p>\n\(table)" as HTML
    }
    return PageSection(id: "bytes", title: "Bytes compared", body: .join(parts))
  }

  /// Where the pointers to code lead that the kernel and its modules were built with.
  static func pointersToCode(_ answers: [Answer]) -> PageSection {
    let parts = answers.filter { !$0.examination.pointerAccounts.isEmpty }.map { answer in
      let sum = PointerAccount(sumOf: answer.examination.pointerAccounts)
      let mark: HTML = sum.unexplained == 0 ? "<p>" : "<p class=\"alarm\">"
      return "<h3>\(PlainText(answer.check.id))</h3>\n\(mark)\(sum.sentence)</p>\n" as HTML
    }
    return PageSection(id: "pointers", title: "Pointers to code", body: .join(parts))
  }

  /// What has no answer, and what no answer could cover.
  static func notSeen(_ answers: [Answer], _ limits: TextLimits) -> PageSection {
    let open = answers.filter { !$0.openQuestions.isEmpty }.map { answer in
      let questions = answer.openQuestions
      let items = questions.prefix(limits.entries).map { question in
        """
        <strong>\(PlainText("\(question.subject)"))</strong>: \(PlainText(sentence: question.reason))
        <span class="remedy">Do: \(PlainText(sentence: question.remedy))</span>
        """ as HTML
      }
      return """
        <h3>\(PlainText(answer.check.id)): \(PlainText(sentence: answer.check.question))</h3>
        \(HTML.items(items).paragraph)\(HTML.remainder(questions.count, after: limits.entries, "question"))
        """ as HTML
    }
    let blind = answers.filter { !$0.check.blindSpots.isEmpty }.map { answer in
      let spots = HTML.items(answer.check.blindSpots.map { HTML(PlainText(sentence: $0)) })
      return "<h4>\(PlainText(answer.check.id))</h4>\n\(spots.paragraph)" as HTML
    }
    let count = answers.reduce(0) { $0 + $1.openQuestions.count }
    let questions: HTML = open.isEmpty ? "<p>Every question that applies was answered.</p>\n" : .join(open)
    let spots: HTML = blind.isEmpty ? "" : .details("What these checks cannot see, whatever they answer", .join(blind))
    return PageSection(
      id: "unseen", title: "What could not be seen", note: count > 0 ? "\(count)" : "",
      body: answers.isEmpty ? "" : "\(questions)\(spots)")
  }
}

extension Answer {
  /// The class by which the page colours the answer; none for a question that does not arise.
  fileprivate var mark: HTML {
    if case .notApplicable = outcome { "none" } else { status.mark }
  }
}
