internal import KernelModel

/// The names of what stands out on one line of a picture of memory, above it, as many as there is room for.
struct MapCallouts {
  private struct Callout {
    /// Where it points to.
    var x: Int
    var words: PlainText
    /// The line of words it stands on, from the lowest up; nil if there was no room, and only the pin is drawn.
    var lane: Int?
  }

  private var callouts: [Callout] = []
  private let width: Int

  // In units of the picture.
  private static let laneHeight = 15
  private static let characterWidth = 8
  private static let mostLanes = 3
  private static let gap = 9

  /// - Parameters:
  ///   - strays: what stands out, and where the middle of each is.
  ///   - width: of the picture.
  init(_ strays: [(x: Int, row: ExecutableMap.Row)], width: Int) {
    self.width = width
    var taken: [[Range<Int>]] = []
    for (x, row) in strays {
      let start = PlainText(row.region.start.description)
      let words: PlainText =
        row.kind == nil
        ? "nobody, \(row.permissions) at \(start)" : "writable: \(row.owner.shortened(to: 24)) at \(start)"
      var callout = Callout(x: x, words: words)
      // Its pin, too, must not be crossed by the words of another.
      let place = isOnTheLeft(callout) ? x - length(of: words)..<x + Self.gap : x - Self.gap..<x + length(of: words)
      if let free = taken.firstIndex(where: { lane in !lane.contains { $0.overlaps(place) } }) {
        callout.lane = free
        taken[free].append(place)
      } else if taken.count < Self.mostLanes {
        callout.lane = taken.count
        taken.append([place])
      }
      callouts.append(callout)
    }
  }

  /// Room that they take above the line.
  var height: Int { callouts.isEmpty ? 0 : ((callouts.compactMap(\.lane).max() ?? 0) + 1) * Self.laneHeight }

  /// - Parameter y: the upper edge of the line.
  func drawn(above y: Int) -> HTML {
    .join(
      callouts.map { callout in
        let pin: HTML = "<path class=\"pin\" d=\"M\(callout.x - 5) \(y - 10)h10l-5 9z\"/>"
        guard let lane = callout.lane else { return "\(pin)\n" }
        let isOnTheLeft = isOnTheLeft(callout)
        let foot = y - 3 - lane * Self.laneHeight
        let stem: HTML =
          lane == 0 ? "" : "<path class=\"stem\" d=\"M\(callout.x) \(y - 10)V\(foot - 8)\"/>"
        return """
          \(pin)\(stem)<text class="callout" x="\(callout.x + (isOnTheLeft ? -Self.gap : Self.gap))" y="\(foot)" \
          text-anchor="\(isOnTheLeft ? "end" as HTML : "start")">\(callout.words)</text>

          """
      })
  }

  private func length(of words: PlainText) -> Int { words.width * Self.characterWidth + Self.gap }

  private func isOnTheLeft(_ callout: Callout) -> Bool { callout.x + length(of: callout.words) > width }
}
