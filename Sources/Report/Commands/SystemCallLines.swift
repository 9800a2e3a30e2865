internal import KernelModel

extension Machine.SystemCallInterface {
  /// Whose system calls they are.
  var programs: PlainText { PlainText(callers) }
}

extension SystemCallMap.Row {
  /// One place to which a number leads, in words.
  struct Line {
    var number: Int
    var name: PlainText
    var handler: PlainText
    var owner: PlainText
    var via: PlainText
  }

  /// A line for each place to which the number leads, or one that says why there is none.
  var lines: [Line] {
    func line(_ handler: PlainText, _ owner: PlainText, _ via: PlainText) -> Line {
      Line(number: number, name: name.map { PlainText($0) } ?? "-", handler: handler, owner: owner, via: via)
    }
    var lines = handlers.map { handler in
      line(
        handler.name.map { PlainText($0) } ?? PlainText(handler.address.description),
        handler.isKernelText ? handler.kernelWords : "NOT THE KERNEL'S: \(handler.owner)", "via \(handler.via)")
    }
    if let unknown { lines.append(line("unknown", PlainText(sentence: unknown.description), "")) }
    if lines.isEmpty { lines.append(line("-", "refused", "")) }
    return lines
  }
}

extension SystemCallMap.Handler {
  /// Whose the handler is, and who is called where it runs.
  fileprivate var kernelWords: PlainText {
    guard let first = called.first else { return "kernel" }
    let others: PlainText = called.count > 1 ? ", and \(called.count - 1) more" : ""
    return "\(first.words)\(others)"
  }
}

extension CalledCode {
  /// Who is called, in a few words.
  var words: PlainText {
    let whose: PlainText = "\(owner), by \(means)"
    return switch severity {
    case nil: "kernel, which calls \(whose)"
    case .some where redirects: "REDIRECTED TO: \(whose)"
    case .some: "CALLS UNOWNED CODE: \(whose)"
    }
  }
}
