internal import KernelFormats
internal import KernelModel

/// The first code on the way that is not the kernel's own: neither its image's, nor of a module that came with it.
struct OopsCulprit: Hashable, Sendable {
  var place: OopsPlace
  /// Nil where the code has no name.
  var module: String?
  /// What its letters say; empty if the list of modules says nothing of it.
  var traits: [String]
  /// Whether the processor was in it, rather than in what it called.
  var isInnermost: Bool

  /// Source: module_flags() in kernel/module/main.c and taint_flags in kernel/panic.c (Linux v7.2).
  private static let letters: [(letter: Character, words: String)] = [
    ("P", "proprietary"), ("O", "out of tree"), ("E", "unsigned"), ("F", "forced in"), ("C", "of the staging tree"),
    ("K", "a live patch"), ("+", "just being loaded"), ("-", "just being unloaded"),
  ]

  static func traits(_ flags: String) -> [String] { letters.filter { flags.contains($0.letter) }.map(\.words) }

  /// Nil if all of the way is the kernel's own, or what is not stands nowhere.
  init?(_ report: OopsText) {
    let places = report.innermostPlaces
    var best: (place: OopsPlace, flags: String?)?
    for place in places {
      guard let module = place.place?.module else { continue }
      let flags = report.modules.first { $0.name == module }?.flags
      let isStranger = flags.map { $0.contains { "OEFPK".contains($0) } } ?? true
      if isStranger {
        best = (place, flags)
        break
      }
    }
    guard let best else { return nil }
    place = best.place
    module = best.place.place?.module
    traits = Self.traits(best.flags ?? "")
    isInnermost = best.place == places.first { !KernelFunctions.isOfReporting($0.place?.symbol ?? "") }
  }

  /// Its function, its module and what the letters say.
  var words: String {
    let symbol = place.place?.symbol ?? "\(place)"
    let letters = traits.isEmpty ? "" : " (\(traits.joined(separator: ", ")))"
    return "\(symbol)\(module.map { " of the module \($0)" } ?? "")\(letters)"
  }
}

extension OopsText {
  /// What the kernel's own letters say that bears on whom to believe: of a taint, in words.
  ///
  /// Source: Documentation/admin-guide/tainted-kernels.rst (Linux v7.2).
  var taintSentences: [String] {
    let known: [(letter: Character, words: String)] = [
      ("F", "A module was loaded by force."), ("R", "A module was unloaded by force."),
      ("M", "The processor reported a machine check before: the hardware is suspect."),
      ("B", "The kernel met a page in a bad state before."),
      ("D", "The kernel had died of an exception before this one."),
      ("W", "The kernel had warned before."), ("L", "A processor had been stuck before."),
      ("K", "A live patch is loaded."),
      ("S", "The hardware is out of its specification."), ("A", "An ACPI table was replaced."),
    ]
    let letters = taint ?? ""
    return known.filter { letters.contains($0.letter) }.map(\.words)
  }
}
