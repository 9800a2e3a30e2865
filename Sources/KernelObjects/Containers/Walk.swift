package import KernelModel

/// What a container holds, as far as it could be followed.
///
/// Whoever rests a judgement on all of it asks for ``whole()``; whoever saves or shows what there is takes ``elements``.
package struct Walk<Element> {
  /// Those that were reached, in the container's order.
  package fileprivate(set) var elements: [Element] = []
  /// Why the rest was not; nil if there is none.
  package fileprivate(set) var obstacle: CannotCheck?

  /// All elements.
  ///
  /// - Throws: if the container leads back to itself or out of itself, has more elements than any kernel's, or cannot be
  ///   read.
  package func whole() throws(CannotCheck) -> [Element] {
    if let obstacle { throw obstacle }
    return elements
  }

  package init() {}

  /// Nothing could be reached.
  init(obstacle: CannotCheck) { self.obstacle = obstacle }

  /// Collects what `body` adds, up to where it throws.
  init(_ body: (inout [Element]) throws(CannotCheck) -> Void) {
    do throws(CannotCheck) {
      try body(&elements)
    } catch {
      obstacle = error
    }
  }

  /// Adds what was come upon.
  mutating func add(_ element: Element) { elements.append(element) }

  /// Notes that some of the container cannot be followed, and why; the first reason is kept.
  mutating func note(_ error: CannotCheck) { obstacle = obstacle ?? error }

  /// Adds what another walk came upon.
  mutating func add(_ other: Walk) {
    elements += other.elements
    if let other = other.obstacle { note(other) }
  }

  package func map<Other>(_ transform: (Element) -> Other) -> Walk<Other> {
    var walk = Walk<Other>()
    walk.elements = elements.map(transform)
    walk.obstacle = obstacle
    return walk
  }
}
