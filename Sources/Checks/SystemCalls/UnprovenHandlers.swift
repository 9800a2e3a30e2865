internal import KernelModel

/// Numbers that lead to a function of the kernel's own of which nothing says whether it is the handler: one open question,
/// however many there are.
struct UnprovenHandlers {
  private var places: [Int: Place] = [:]

  mutating func add(_ number: Int, _ place: Place) {
    if places[number] == nil { places[number] = place }
  }

  mutating func remove(_ number: Int) { places[number] = nil }

  func leaveUnanswered(of name: String, _ labels: [Int: String], into examination: inout Examination) {
    guard let (number, place) = places.min(by: { $0.key < $1.key }) else { return }
    let others = places.count - 1
    examination.leaveUnanswered(
      Subject(name, index: number, label: others == 0 ? labels[number] : "and \(others) more"),
      .withheld(
        Withheld(
          "the handler of \(labels[number] ?? "number \(number)")",
          why: "\(place) is called in its place, a function of the kernel's own that is not named as a handler: some "
            + "compilers make handlers part of what calls them, and only the vendor's kernel image tells whether this is so",
          remedy: "give the vendor's kernel image with --reference")))
  }
}
