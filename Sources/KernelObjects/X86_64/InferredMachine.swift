package import KernelFormats
internal import KernelModel

extension X86_64 {
  /// What is known of who else has executable memory: where the page tables say so, too.
  ///
  /// Source: `struct real_mode_header`, arch/x86/include/asm/realmode.h; `struct kimage`, include/linux/kexec.h; `struct page` is of 64
  /// bytes, include/linux/mm_types.h (Linux v5.10 to v7.2).
  package static func inferredLayouts(_ evidence: LayoutEvidence) throws(LayoutEvidence.Doubt) -> [BTF.Outline] {
    // Its size is judged where it is read.
    var outlines = [
      BTF.Outline("real_mode_header", byteCount: 8, [.number("text_start", at: 0, 4), .number("ro_end", at: 4, 4)])
    ]
    let images = ["kexec_image", "kexec_crash_image"].compactMap { evidence.symbols[$0].flatMap(evidence.word) }
      .filter { $0 != 0 }
    guard !images.isEmpty else { return outlines }
    let pageStructure: UInt64 = 64
    guard let pages = evidence.symbols["vmemmap_base"].flatMap(evidence.word),
      let base = evidence.symbols["page_offset_base"].flatMap(evidence.word),
      images.allSatisfy({ image in
        guard let page = evidence.word(image &+ 32), page >= pages, (page - pages) % pageStructure == 0 else {
          return false
        }
        let code = base &+ (page - pages) / pageStructure &* pageSize
        return evidence.isExecutable(code) && evidence.isExecutable(code &+ pageSize)
      })
    else { throw LayoutEvidence.Doubt("the kernel that is to be started next is not what it should be") }
    outlines.append(BTF.Outline("kimage", byteCount: 40, [.number("control_code_page", at: 32)]))
    outlines.append(BTF.Outline("page", byteCount: Int(pageStructure), []))
    return outlines
  }
}
