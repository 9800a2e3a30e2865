package import Audit
package import KernelModel

/// One place of kernel memory, and what lies around it.
package struct MemoryReport {
  /// As it was asked for.
  private let place: String
  private let address: KernelAddress
  private let owner: Owner
  private let mapping: Mapping
  private let neighbourhood: Implant

  /// - Parameters:
  ///   - place: as it was asked for.
  ///   - neighbourhood: what was found around it.
  package init(place: String, address: KernelAddress, owner: Owner, mapping: Mapping, neighbourhood: Implant) {
    self.place = place
    self.address = address
    self.owner = owner
    self.mapping = mapping
    self.neighbourhood = neighbourhood
  }

  /// Unknown if there is nothing to be read.
  package var status: Status {
    if case .mapped = mapping { .ok } else { .unknown }
  }

  /// All of it for a person.
  package func text(_ theme: Theme) -> String {
    var page = Page(theme: theme)
    let column = 16
    page.line(place == address.description ? PlainText(place) : "\(place)  \(address)", as: .heading)
    page.entry("whose", "\(owner)", indent: 2, column: column)
    page.entry("mapped", words, indent: 2, column: column)
    page.entry("around it", neighbourhood.run.extent, indent: 2, column: column)
    page.writeNeighbourhood(neighbourhood, TextLimits(strings: 60))
    return page.text
  }

  private var words: PlainText {
    switch mapping {
    case .mapped(let page):
      let size = Measurements.size(page.region.byteCount)
      return "\(page.permissions), in a page of \(size) at \(page.region.start), \(physical(page))"
    case .unmapped: return "no: an access would fault"
    case .unknown(let reason): return "that is not known: \(sentence: reason)"
    }
  }

  private func physical(_ page: KernelModel.Page) -> PlainText {
    PlainText((page.physicalAddress(of: address) ?? page.physicalAddress).description)
  }

  // MARK: JSON

  /// All of it for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(Document(self, toolVersion))
  }

  private struct Document: Encodable {
    let schema: PlainText = "liveprobe-memory/1"
    let toolVersion: PlainText
    let place: PlainText
    let address: PlainText
    let owner: PlainText
    let ownerKind: PlainText
    let mapped: PlainText
    let neighbourhood: ImplantDocument

    init(_ report: MemoryReport, _ toolVersion: String) {
      self.toolVersion = PlainText(toolVersion)
      place = PlainText(report.place)
      address = PlainText(report.address.description)
      owner = PlainText(report.owner.description)
      ownerKind = PlainText(report.owner.kind)
      mapped = report.words
      neighbourhood = ImplantDocument(report.neighbourhood)
    }
  }
}
