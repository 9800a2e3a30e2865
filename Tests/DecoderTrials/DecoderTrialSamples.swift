import TestKernel

extension DecoderTrial {
  /// Small, valid inputs: what property tests damage, and what fuzzing starts from.
  package var samples: [[UInt8]] {
    switch self {
    case .bootImage:
      return SampleBootImage.samples
    case .moduleObject:
      return SampleModule.samples
    case .btf:
      return [SampleBTF.module.bytes(), SampleBTF.module.bytes(layout: [UInt8](repeating: 0, count: 80))]
    case .dwarf:
      return [SampleDwarf.version5, SampleDwarf.version4]
    case .imageKallsyms:
      return SampleImageKallsyms.samples
    case .packageArchive:
      return SamplePackage.samples
    case .rpmHeader:
      return [SamplePackage.sampleHeader([("/lib/modules/6.1/vmlinuz", "0123"), ("/boot/System.map", "4567")])]
    case .patchSites:
      return [PatchSitesTrial.sample]
    case .baseline:
      return SampleBaseline.samples
    case .captureManifest:
      return SampleManifest.samples
    case .vmcore: return DumpTrial.vmcoreSamples
    case .kdump: return DumpTrial.kdumpSamples
    case .flattened: return DumpTrial.flattenedSamples
    case .lime: return DumpTrial.limeSamples
    case .avml: return DumpTrial.avmlSamples
    case .openPGP: return OpenPGPTrial.dataSamples
    case .clearSignedText: return OpenPGPTrial.textSamples
    case .moduleRecords:
      return [ModuleRecordsTrial.sample]
    case .oopsText:
      return Self.oopsTextSamples
    case .kernelLog:
      return [PanicTrial.logSample]
    case .orc:
      return [PanicTrial.stackSample]
    case .coreFile:
      let file = SampleCoreFile.kcore
      let buildID = SampleCoreFile.note("GNU", type: 3, Array(1...20))
      let core = SampleCoreFile.note("VMCOREINFO", type: 0, Array("OSRELEASE=6.1.0\n".utf8))
      return [file.header + file.table + buildID + core, file.table, buildID + core]
    case .vmcoreinfo:
      return [
        Array(
          """
          OSRELEASE=6.1.0-56-amd64
          BUILD-ID=a1b2c3d4e5f60718293a4b5c6d7e8f9001122334
          PAGESIZE=4096
          SYMBOL(init_top_pgt)=ffffffff82a10000
          NUMBER(phys_base)=-16777216
          NUMBER(sme_mask)=0x800000000000
          OFFSET(page.flags)=0
          KERNELOFFSET=1c000000

          """.utf8)
      ]
    case .kallsyms:
      return [
        Array(
          """
          0000000000000000 A fixed_percpu_data
          ffffffff81000000 T _stext
          ffffffff81000000 T _text
          ffffffff812b3c40 t do_sys_openat2
          ffffffffc0a31000 t hack_read\t[hooked]
          ffffffffc0a31040 t hack_open\t[hooked]
          ffffffffc0b00000 t bpf_prog_6deef7357e7b4530\t[bpf]

          """.utf8)
      ]
    case .procModules:
      return [
        Array(
          """
          ext4 987136 1 - Live 0xffffffffc0a31000
          jbd2 167936 1 ext4, Live 0xffffffffc0a00000
          hooked 16384 0 [permanent], Loading 0xffffffffc0b31000 (OE+)
          nounload 4096 - - Live 0x0000000000000000

          """.utf8)
      ]
    case .pageTables:
      return [
        // A 4 KiB page: four tables, each with one entry at the index of 0xffffffff81234567.
        pageTables(
          flags: 0, address: 0xffff_ffff_8123_4567,
          entries: [
            (0, 511, 0x1003), (1, 510, 0x2003), (2, 9, 0x3003), (3, 0x34, 0x8000_0000_dead_b003),
          ]),
        // A 2 MiB page with the memory type bit set, below five levels of tables.
        pageTables(
          flags: 1, address: 0xff11_0000_0020_0000,
          entries: [
            (0, 0x111, 0x1003), (1, 0, 0x2003), (2, 0, 0x3003), (3, 1, 0x4000_1083),
          ]),
      ]
    case .printableStrings:
      return [
        Array("\u{1}\u{2}hack_read\0\0\u{7f}hack_open\0\u{ff}".utf8) + "disable".utf8.flatMap { [$0, 0] }
          + [0xff, 0x41] + "odd address".utf8.flatMap { [$0, 0] }
      ]
    case .disassembler, .instructionShape:
      return [
        // endbr64; push rbp; mov rbp,rsp; cmp edi,0x1c5; jae .+5; call [rax*8-0x7dffe000]; lea rax,[rip+0x10]; ret
        [0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x81, 0xff, 0xc5, 0x01, 0x00, 0x00, 0x73, 0x05]
          + [0xff, 0x14, 0xc5, 0x00, 0x20, 0x00, 0x82, 0x48, 0x8d, 0x05, 0x10, 0x00, 0x00, 0x00, 0xc3]
      ]
    }
  }

  private func pageTables(flags: UInt8, address: UInt64, entries: [(page: UInt8, index: UInt16, value: UInt64)])
    -> [UInt8]
  {
    [flags] + little(address) + entries.flatMap { [$0.page] + little($0.index) + little($0.value) }
  }
}
