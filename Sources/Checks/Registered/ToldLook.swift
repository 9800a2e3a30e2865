internal import KernelModel
internal import KernelObjects

/// What memory has of lists that user space is told of, before and after it is told, and what differs.
struct ToldLook {
  /// What a file calls something, and in which it does.
  struct ToldName: Hashable {
    /// What it is one of, in the plural.
    let kind: String
    let file: String
    let name: String
  }

  enum Difference: Hashable {
    /// Memory has one more of that name than is told.
    case untold(ToldName)
    /// One more of that name is told than memory has.
    case invented(ToldName)
  }

  /// What was compared, of each kind how many.
  private(set) var counts: [(name: String, count: Int)] = []
  private(set) var differences: [Difference] = []
  /// All of a name of which fewer are told, and how many are.
  private(set) var untold: [ToldName: (things: [KernelObject], told: Int)] = [:]
  /// Why some could not be asked about, each file once.
  private(set) var unasked: [Withheld] = []
  /// Kinds of which some have a name that cannot be compared.
  private(set) var unnamed: [String] = []

  /// Why the first process's network is not known; nil if it is.
  private(set) var obstacle: CannotCheck?

  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    var network: KernelObject?
    do throws(CannotCheck) {
      // /proc/1/net tells of the network of its first process.
      if let withheld = try SocketLook.isOfFirstNamespace(kernel, structures) {
        unasked.append(withheld)
      } else {
        network = try structures.now { (snapshot) throws(CannotCheck) in try Tasks(snapshot).firstNetwork() }
      }
    } catch {
      obstacle = error
    }
    for row in ToldRow.rows where network != nil || !row.isOfNetwork { compare(row, kernel, structures, network) }
  }

  private mutating func compare(
    _ row: ToldRow, _ kernel: Kernel, _ structures: KernelStructures, _ network: KernelObject?
  ) {
    // Each by itself: the less time there is between the two looks, the less comes and goes in between.
    func members() -> ToldRow.Members? {
      row.members(structures.reader.reading(kernel.memory.fresh), network: network)
    }
    guard let before = members() else { return }
    let told: [String: Int]
    switch kernel.toldLists.text(row.file) {
    case .success(let text): told = row.told(text)
    case .failure(let withheld):
      // Where there is none, there need be no file.
      if !before.named.isEmpty, !unasked.contains(withheld) { unasked.append(withheld) }
      return
    }
    guard let after = members() else { return }
    counts.append((row.name, after.named.count))
    let unnamed = before.unnamed.union(after.unnamed)
    if !unnamed.isEmpty { self.unnamed.append(row.name) }
    let lasting = after.named.filter { before.named[$0.key]?.name == $0.value.name }
    for (name, members) in Dictionary(grouping: lasting, by: { $0.value.name }) {
      let count = told[name, default: 0]
      guard count < (row.isOnce ? 1 : members.count) else { continue }
      let name = ToldName(kind: row.name, file: row.file, name: name)
      differences.append(.untold(name))
      untold[name] = (members.map(\.value.object).sorted { $0.address < $1.address }, count)
    }
    guard row.isWhole, before.areAll, after.areAll, unnamed.isEmpty else { return }
    var possible: [String: Set<UInt64>] = [:]
    for members in [before, after] {
      for (address, member) in members.named { possible[member.name, default: []].insert(address) }
    }
    for (name, count) in told where count > possible[name]?.count ?? 0 {
      differences.append(.invented(ToldName(kind: row.name, file: row.file, name: name)))
    }
  }
}
