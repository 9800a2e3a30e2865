internal import KernelFormats

/// One kind of thing that is registered with the kernel, so that code is called: where all of them hang, and what of them leads to
/// code.
///
/// A kernel that has not what a row names, a variable or a member, is laid out otherwise: then the row is no question, and another
/// of the same name may be.
package struct RegisteredRow: Sendable {
  /// From the things that one step leads to, the next leads on.
  ///
  /// A path is as ``BTF/Structure/member(_:)`` takes it; several are written with `|` between them, and those that a kernel lacks are
  /// left out. An empty one is the thing itself.
  package enum Step: Sendable {
    /// A variable that is a structure.
    case variable(String, of: String)
    /// A variable that is an array of structures.
    case array(String, of: String, count: Count)
    /// A variable that is an array of pointers to functions, or one such pointer.
    case words(String, count: Int = 1)
    /// A variable that is an array of pointers, or one pointer.
    case pointers(String, to: String, count: Count = .atMost(1))
    /// A variable of which each processor has its own: a structure, or an array of at most so many.
    case perProcessor(String, of: String, count: Int = 1)
    /// The structures of one kind that a structure is made up of, as many as fit into it.
    case parts(of: String)
    /// A member that is a structure, or an array of them.
    case member(String)
    /// A member that is a pointer, or an array of them.
    case pointer(String, to: String)
    /// The head of a circular list, or an array of heads; of each no more than the first few, where that is said.
    case list(String, of: String, by: String, first: Int? = nil)
    /// The head of a list that ends with NULL, or an array of heads.
    case hlist(String, of: String, by: String, first: Int? = nil)
    /// The root of a red-black tree.
    case tree(String, of: String, by: String)
    /// The same, and what is below each of those in it in the same way: directories.
    case descendants(String, of: String, by: String)
    /// Those in an IDR, in an XArray, in a maple tree.
    case idr(String, of: String)
    case xArray(String, of: String)
    case mapleTree(String, of: String)
    /// The thing itself, and those behind it by a pointer to the next.
    case chain(next: String)
    /// As many structures as a member says, from another member on, which is the last of its structure.
    case elements(String, count: String)
    /// As many pointers as a member says, from where a member points.
    case vector(String, count: String, to: String)
    /// As many structures as a member says, from where a member points.
    case structures(String, count: String, of: String)
    /// As many structures as a member says, and one more, from where a member points: the buckets of a hash table, and its mask.
    case buckets(String, mask: String, of: String)
    /// Those that have some of these bits set.
    case having(String, bits: UInt64)
    /// All, on a kernel whose structure has no such member.
    case lacking(String)
    /// Those of which a member leads to a function.
    case leading(String, to: String)
    /// The structure that has the thing as a member.
    case container(String, member: String)
    /// The tables of a directory of settings, and of those below it.
    case settings
  }

  /// What names one of them.
  package enum Label: Sendable {
    case none
    /// A member that is text, or points to text.
    case text(String)
    /// The same, of it and of those above it.
    case path(String, above: String, before: String)
  }

  /// How many elements a variable has.
  ///
  /// Its symbol says where the next one begins, and not what lies between: so a row knows how many there are in any kernel.
  package enum Count: Sendable {
    case atMost(Int)
    /// As a constant of an enumeration says.
    case constant(String, of: String)
  }

  /// What of one of them leads to code.
  package enum Reads: Sendable {
    /// All that its type says.
    case all
    /// The same without some members, which are not what the union is that they are in.
    case allBut([String])
    /// These members, whatever their type says, to functions.
    case members([String])
    /// Its first eight bytes, to a function.
    case word
    /// What the processor reads of it, to where it goes on.
    case gate
  }

  /// What is registered, in the plural: `netfilter hooks`.
  package let name: String
  package let steps: [Step]
  package let label: Label
  package let reads: Reads

  package init(_ name: String, _ steps: [Step], label: Label = .none, reads: Reads = .all) {
    self.name = name
    self.steps = steps
    self.label = label
    self.reads = reads
  }
}
