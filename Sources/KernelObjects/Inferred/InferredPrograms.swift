internal import KernelFormats
internal import KernelModel

/// `struct bpf_ksym` and `struct bpf_prog_pack`, where all that are listed bear them out: executable memory, under a name of BPF's.
///
/// Source: `struct bpf_ksym`, include/linux/bpf.h (Linux v5.10 to v7.2), whose name is of KSYM_NAME_LEN bytes, 128 up to v6.0 and 512
/// later; `struct bpf_prog_pack`, kernel/bpf/core.c (v5.18 to v7.2).
enum InferredPrograms {
  private typealias Doubt = LayoutEvidence.Doubt

  private static let nameByteCounts = [128, 512]

  static func outlines(_ evidence: LayoutEvidence, areas: [BTF.Outline]) throws(LayoutEvidence.Doubt) -> [BTF.Outline] {
    var outlines: [BTF.Outline] = []
    if let head = evidence.symbols["bpf_kallsyms"] {
      guard let nodes = evidence.ring(at: head) else { throw Doubt("the list of BPF programs cannot be followed") }
      // Of an empty list only that it is one matters.
      guard !nodes.isEmpty else {
        outlines.append(BTF.Outline("bpf_ksym", byteCount: 32, [.list("lnode", at: 16)]))
        return try outlines + packs(evidence, areas)
      }
      guard
        let name = nameByteCounts.first(where: { count in
          nodes.allSatisfy { isNamed($0 &- 16 &- UInt64(count), evidence) }
        })
      else { throw Doubt("the list of BPF programs is not what it should be") }
      outlines.append(
        BTF.Outline(
          "bpf_ksym", byteCount: 16 + name + 16,
          [
            .number("start", at: 0), .number("end", at: 8), .numbers("name", at: 16, 1, count: name),
            .list("lnode", at: 16 + name),
          ]))
    }
    return try outlines + packs(evidence, areas)
  }

  /// A pack, whose map of the chunks that are handed out stands behind its list, its memory and, on some kernels, one number more:
  /// there is code where it says so, and breakpoints everywhere else.
  private static func packs(
    _ evidence: LayoutEvidence, _ areas: [BTF.Outline]
  ) throws(LayoutEvidence.Doubt) -> [BTF.Outline] {
    guard let head = evidence.symbols["pack_list"] else { return [] }
    let doubt = Doubt("the packs of BPF programs are not what they should be")
    guard let nodes = evidence.ring(at: head) else { throw doubt }
    let candidates = [24, 32].map { bitmap in
      BTF.Outline(
        "bpf_prog_pack", byteCount: bitmap,
        [.list("list", at: 0), .number("ptr", at: 16), .numbers("bitmap", at: bitmap, count: 0)])
    }
    guard !nodes.isEmpty else { return [BTF.Outline("bpf_prog_pack", byteCount: 16, [.list("list", at: 0)])] }
    var fitting = candidates.filter { uses(packs(nodes, $0, evidence, areas), areCode: evidence) }
    // Where programs lie close together both may fit.
    if fitting.count > 1 {
      fitting = fitting.filter { candidate in
        packs(nodes, candidate, evidence, areas).allSatisfy { pack in
          pack.free(in: pack.range).allSatisfy { free in
            evidence.live.bytes(at: free.lowerBound, count: free.count).map(Machine.isTrapping) == true
          }
        }
      }
    }
    guard fitting.count == 1 else { throw doubt }
    return fitting
  }

  /// The packs whose list has `nodes`, if they are laid out as `candidate`; none if they cannot be.
  private static func packs(
    _ nodes: [UInt64], _ candidate: BTF.Outline, _ evidence: LayoutEvidence, _ areas: [BTF.Outline]
  ) -> [BpfPack] {
    do throws(CannotCheck) {
      let types = try KernelTypes(areas + [candidate], lackingOthers: .layoutUnknown(structure: candidate.name))
      let reader = Snapshot(symbols: evidence.symbols, types: types, live: evidence.live)
      let known = try VmallocAreas(reader)
      return try nodes.map { node throws(CannotCheck) in try BpfPack(reader.object(candidate.name, at: node), known) }
    } catch {
      return []  // which is no pack
    }
  }

  /// Whether code that may be executed begins wherever packs say that chunks are handed out.
  private static func uses(_ packs: [BpfPack], areCode evidence: LayoutEvidence) -> Bool {
    !packs.isEmpty
      && packs.allSatisfy { pack in
        evidence.isExecutable(pack.range.lowerBound) && !pack.used.isEmpty
          && pack.used.allSatisfy { run in
            // How many bytes it has stands before a program.
            evidence.live.bytes(at: run.lowerBound, count: 4).map { $0 != [0, 0, 0, 0] && !Machine.isTrapping($0) }
              == true
          }
      }
  }

  /// Whether bounds of executable memory and a name that BPF gives stand at an address.
  private static func isNamed(_ address: UInt64, _ evidence: LayoutEvidence) -> Bool {
    guard let start = evidence.word(address), let end = evidence.word(address &+ 8), start < end,
      end - start <= 1 << 24, evidence.isExecutable(start), let name = evidence.name(at: address &+ 16)
    else { return false }
    return name.hasPrefix("bpf_")
  }
}
