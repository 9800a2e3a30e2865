internal import KernelModel

extension SystemCallMap.Interface {
  /// Whose system calls they are.
  var programs: PlainText {
    switch self {
    case .x86_64: "64-bit programs"
    case .x32: "x32 programs"
    case .ia32: "32-bit programs"
    }
  }
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
        handler.isKernelText ? "kernel" : "NOT THE KERNEL'S: \(handler.owner)", "via \(handler.via)")
    }
    if let unknown { lines.append(line("unknown", PlainText(sentence: unknown.description), "")) }
    if lines.isEmpty { lines.append(line("-", "refused", "")) }
    return lines
  }
}
