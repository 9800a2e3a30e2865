internal import Audit
internal import KernelModel

extension HTMLReport {
  /// All executable memory as a picture, and its runs in a table.
  static func executableMemory(_ exhibits: Exhibits?) -> PageSection {
    var section = PageSection(id: "memory", title: "Executable memory", body: "")
    switch exhibits?.executableMemory {
    case .success(let map):
      section.body = body(map)
      let strays = map.rows.count(where: \.standsOut)
      section.note = strays > 0 ? Conclusion.count(strays, "stands out", "stand out") : "\(map.rows.count) runs"
    case .failure(let failure):
      section.body = "<p>It could not be mapped: \(PlainText(sentence: failure.description))</p>\n"
      section.note = "not seen"
    case nil: break
    }
    return section
  }

  /// Rows of the table that lists all runs.
  private static let mostRows = 4000
  /// Rows of the table of those that stand out.
  private static let mostStrays = 200

  private static let elsewhere: PlainText = "liveprobe map has them all"

  private static func body(_ map: ExecutableMap) -> HTML {
    let picture = MapPicture(map)
    let strays = map.rows.filter(\.standsOut)
    let doubt: HTML = map.doubt.map { "<p><strong>\($0)</strong></p>\n" } ?? ""
    let alarm: HTML =
      strays.isEmpty
      ? "<p>Every page has an owner, and none may be written.</p>\n"
      : """
      \(HTML.table("Runs that are unowned or writable", head, numbers: [1], rows(strays.prefix(mostStrays))))\
      \(HTML.remainder(strays.count, after: mostStrays, "run", elsewhere))
      """
    let all = HTML.table("All executable memory, by address", head, numbers: [1], rows(map.rows.prefix(mostRows)))
    return """
      <p>\(map.extent). Each is looked at once, after the checks: memory that is being given back may have no owner for a \
      moment.</p>
      \(doubt)\(alarm)\(picture.figure)\
      \(HTML.unprinted("All runs: \(map.rows.count)", "\(all)\(HTML.remainder(map.rows.count, after: mostRows, "run", elsewhere))"))
      """
  }

  private static let head: [PlainText] = ["start", "size", "may be", "owner"]

  private static func rows(_ rows: ArraySlice<ExecutableMap.Row>) -> [HTML] {
    rows.map { row in
      let mark: HTML = row.standsOut ? "<tr class=\"critical\">" : "<tr>"
      return """
        \(mark)<td class="address">\(PlainText(row.region.start.description))</td>\
        <td class="number">\(Measurements.size(row.region.byteCount))</td><td>\(row.permissions)</td>\
        <td>\(row.owner)</td></tr>

        """
    }
  }
}
