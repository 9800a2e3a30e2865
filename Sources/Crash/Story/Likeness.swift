internal import KernelModel

/// What the thing resembles, with what speaks for it and what against.
///
/// It is likeness and no verdict: what an attacker did and what a bad driver did may leave the same bytes.
package struct Likeness: Hashable, Sendable {
  package var kind: Kind
  /// What speaks for it, a sentence each.
  package var favouring: [String] = []
  /// What speaks against it.
  package var opposing: [String] = []

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case rootkit = "a rootkit"
    case securityProduct = "a security product that hooks system calls"
    case livepatch = "a live patch"
    case overwritingDriver = "a faulty driver that overwrote kernel data by accident"
    case faultyModule = "a bug in a loaded module"
    case unloadedModule = "a module that was unloaded while its code was still in use"
    case kernelBug = "a bug in the kernel itself, or bad memory"
    case hang = "a task that waits for something that does not come"
    case operatorsRequest = "a crash that somebody asked for"
  }

  /// By how much what speaks for it outweighs what speaks against.
  package var balance: Int { favouring.count - opposing.count }

  init(_ kind: Kind) {
    self.kind = kind
  }

  /// Notes `sentence` for it if `condition` holds, and `otherwise` against it if not.
  mutating func weigh(_ condition: Bool, _ sentence: String, otherwise: String? = nil) {
    if condition { favouring.append(sentence) } else if let otherwise { opposing.append(otherwise) }
  }

  /// Of something that leads astray, each explanation there is; of other trouble, those for which something speaks; the
  /// likeliest first.
  static func all(of story: CrashStory, _ hooks: [Finding]) -> [Likeness] {
    let candidates =
      story.isTampered
      ? HookLikeness(story, hooks).all : TroubleLikeness(story).all.filter { !$0.favouring.isEmpty }
    return candidates.enumerated().sorted {
      ($1.element.balance, $0.offset) < ($0.element.balance, $1.offset)
    }.map(\.element)
  }
}
