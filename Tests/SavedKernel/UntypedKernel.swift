internal import KernelFormats
package import KernelModel
package import KernelObjects

/// A kernel as if it had been built without type information, and what is inferred of its layouts then.
package struct UntypedKernel {
  package let kernel: Kernel

  /// - Parameter hasImage: whether the vendor's image is there, without its types.
  package init(_ kernel: Kernel, hasImage: Bool = true) {
    var builder = SymbolTable.Builder()
    kernel.symbols.forEach { name, address, type in
      let word = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
      if !word.hasSuffix("_BTF") { builder.add(name: name, address: address, type: type) }
    }
    var copy = Kernel(
      identity: kernel.identity, memory: kernel.memory, mappings: kernel.mappings, symbols: SymbolTable(builder),
      claims: kernel.claims,
      reference: hasImage
        ? UntypedReference(kernel.reference) : NoReference(Withheld("the image", why: "it is not looked for")))
    copy.isRunning = kernel.isRunning
    copy.symbolsAreWhole = kernel.symbolsAreWhole
    self.kernel = copy
  }

  /// What a check may read of layouts that were inferred.
  private static let members: [(structure: String, members: [String])] = [
    ("module", ["state", "list", "name", "taints", "bug_list", "mkobj.mod", "mkobj.kobj.entry", "mkobj.kobj.kset"]),
    ("module", ["mem", "core_layout.base", "core_layout.size", "core_layout.text_size"]),
    ("module", ["init_layout.base", "init_layout.size", "init_layout.text_size"]),
    ("module_memory", ["base", "size", "mtn.mod", "mtn.node.node"]), ("kset", ["list"]),
    ("mod_tree_node", ["mod", "node.node"]), ("latch_tree_root", ["tree"]), ("rb_node", ["rb_right", "rb_left"]),
    ("vmap_area", ["list", "vm"]), ("vm_struct", ["addr", "size", "flags", "caller"]), ("vmap_node", ["busy.head"]),
    ("bpf_ksym", ["start", "end", "name", "lnode"]), ("bpf_prog_pack", ["list", "ptr", "bitmap"]),
    ("kprobe_insn_cache", ["pages"]), ("kprobe_insn_page", ["list", "insns"]),
    ("real_mode_header", ["text_start", "ro_end"]), ("kimage", ["control_code_page"]),
    ("ftrace_page", ["next", "records", "index"]),
    ("ftrace_ops", ["func", "next", "flags", "trampoline", "trampoline_size", "list"]), ("kprobe", ["hlist"]),
  ]
  /// Of these the size counts, too.
  private static let sizes = ["dyn_ftrace", "module_memory", "vmap_node", "page", "rb_node"]

  /// Where what is inferred is not what `types` say, and how many members are the same.
  ///
  package func differences(from types: KernelTypes) throws(CannotCheck) -> (
    wrong: [String], right: Int, missing: [String]
  ) {
    let reader = try kernel.provenStructures.reader
    let inferred = reader.types
    // Where a list is empty, how its nodes are laid out does not matter.
    let hasPrograms = reader.symbols["bpf_kallsyms"].map { reader.word(at: $0) != $0 } ?? false
    var wrong: [String] = []
    var missing: [String] = []
    var right = 0
    func compare(_ name: String, _ guess: Int?, _ truth: Int?) {
      switch (guess, truth) {
      case (nil, nil): break
      case (nil, _): missing.append(name)
      case (let guess, let truth) where guess == truth: right += 1
      default: wrong.append("\(name): \(guess ?? -1), and not \(truth ?? -1)")
      }
    }
    for (structure, members) in Self.members where structure != "bpf_ksym" || hasPrograms {
      for member in members
      where (structure, member) != ("ftrace_ops", "list") || inferred.structure(structure)?.member("func") != nil {
        let guess = inferred.structure(structure)?.member(member)
        let truth = types.structure(structure)?.member(member)
        compare("\(structure).\(member)", guess?.byteOffset, truth?.byteOffset)
        // Where only a part is known, a list is two words.
        guard guess != nil, truth != nil else { continue }
        compare(
          "bytes of \(structure).\(member)", guess?.elementByteCount,
          truth.map(\.elementByteCount).flatMap { truth in
            guess.map { $0.elementCount == 2 && truth == 16 || truth == 48 ? $0.elementByteCount : truth }
          })
      }
    }
    // One list of areas is no array.
    let isAlone = try reader.value(UInt32.self, of: "nr_vmap_nodes") == 1
    for structure in Self.sizes where structure != "vmap_node" || !isAlone {
      let guess = inferred.structure(structure)?.byteCount
      compare("bytes of \(structure)", guess, guess == nil ? nil : types.structure(structure)?.byteCount)
    }
    return (wrong, right, missing)
  }
}

/// A reference whose kernel image has no types.
private struct UntypedReference: Reference {
  private let whole: any Reference

  init(_ whole: any Reference) { self.whole = whole }

  func kernelImage() throws(Withheld) -> VendorObject {
    let image = try whole.kernelImage()
    return VendorObject(
      source: image.source, buildID: image.buildID, sections: image.sections.filter { $0.name != ".BTF" },
      contents: image.contents)
  }

  func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers { try whole.pointers(in: regions) }
  func moduleObject(named name: String) throws(Withheld) -> VendorObject { try whole.moduleObject(named: name) }
  func moduleSource(named name: String) throws(Withheld) -> String { try whole.moduleSource(named: name) }
  func provenance(of source: String) -> Provenance { whole.provenance(of: source) }
  func moduleFile(named name: String) throws(Withheld) -> ModuleFile { try whole.moduleFile(named: name) }
  func digest(ofModule name: String) throws(Withheld) -> String { try whole.digest(ofModule: name) }
  func signer(ofModule name: String, among keys: [TrustedKey]) throws(Withheld) -> TrustedKey? {
    try whole.signer(ofModule: name, among: keys)
  }
}
