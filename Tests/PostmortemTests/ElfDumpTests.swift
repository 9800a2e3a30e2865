import DecoderTrials
import KernelFormats
import KernelModel
import Postmortem
import TestKernel
import Testing

@Suite struct ElfDumpTests {
  @Test func `a core file's memory is read by its physical addresses`() throws {
    let sample = SampleDump.example
    let dump = try DumpFile.open(BytesSource(sample.elf()))
    #expect(dump.format == "ELF vmcore")
    #expect(dump.extents == sample.extents)
    #expect(dump.vmcoreInfo == Array("OSRELEASE=6.1.0\n".utf8))
    #expect(dump.notes.map(\.name) == ["CORE", "VMCOREINFO"])
    #expect(dump.remarks == [])
    #expect(dump.isFiltered)
    #expect(sample.problem(reading: dump) == nil)
  }
}
