import Capture
import KernelModel
import Postmortem
import TestKernel
import Testing

@Suite struct KernelSurveyTests {
  private let sample = SampleTasks()

  /// Whether the survey has all pages of these bytes.
  private func has(_ survey: KernelSurvey, _ start: UInt64, _ byteCount: UInt64) -> Bool {
    stride(from: start & ~4095, to: start + byteCount, by: 4096).allSatisfy { page in
      sample.test.mappings.mapping(of: KernelAddress(page)).page.map { survey.pages.contains($0.physicalAddress.frame) }
        ?? false
    }
  }

  private func part(_ name: String, of survey: KernelSurvey) throws -> KernelSurvey.Part {
    try #require(survey.parts.first { $0.name == name })
  }

  @Test func `the image is there without what the kernel gave back, and so are modules`() throws {
    let survey = KernelSurvey(of: sample.test.kernel)
    #expect(has(survey, TestKernel.textStart.rawValue, 0x2_9000))
    #expect(!has(survey, 0xffff_ffff_8102_9000, 0x1000))
    #expect(has(survey, 0xffff_ffff_8102_a000, 0x6000))
    #expect(has(survey, TestKernel.moduleBase.rawValue, 1))
    let image = try part("the kernel's image", of: survey)
    #expect(image.pageCount == 47 && image.problem == nil)
  }

  @Test func `every task is found, whichever way leads to it, with its stack and what belongs to it`() throws {
    let survey = KernelSurvey(of: sample.test.kernel)
    #expect(try part("tasks and their stacks", of: survey).problem == nil)
    for task in SampleTasks.all {
      #expect(has(survey, task, SampleTasks.taskByteCount), "\(KernelAddress(task))")
      #expect(has(survey, SampleTasks.stack(of: task), 16384), "\(KernelAddress(task))")
      #expect(has(survey, SampleTasks.memory(of: task), 0x1400), "\(KernelAddress(task))")
      #expect(!has(survey, SampleTasks.stack(of: task) + 16384, 1), "\(KernelAddress(task))")
    }
  }

  @Test func `a list that leads nowhere does not hide who has a number`() throws {
    sample.write(0xffff_8880_0666_0000, at: SampleTasks.first + 24)
    sample.write(SampleTasks.first + 64, at: SampleTasks.numbers + 0x208)
    let survey = KernelSurvey(of: sample.test.kernel)
    #expect(has(survey, SampleTasks.first, SampleTasks.taskByteCount))
    #expect(!has(survey, SampleTasks.unlinked, 1))
    #expect(has(survey, SampleTasks.idle, 1))
  }

  @Test func `a tree that names itself and a list in a circle have an end`() throws {
    sample.write(SampleTasks.numbers + 2, at: SampleTasks.numbers + 0x110)
    sample.write(SampleTasks.listed + 40, at: SampleTasks.thread + 40)
    let survey = KernelSurvey(of: sample.test.kernel)
    #expect(try part("tasks and their stacks", of: survey).problem == nil)
    #expect(has(survey, SampleTasks.thread, 1))
  }

  @Test func `processors and the log are there`() throws {
    let survey = KernelSurvey(of: sample.test.kernel)
    #expect(survey.processorCount == 2)
    #expect(has(survey, SampleTasks.processors, 0x2000) && has(survey, SampleTasks.processors + 0x1_0000, 0x2000))
    #expect(has(survey, SampleTasks.log, 64))
    #expect(has(survey, SampleTasks.log + 0x1000, 128 * 24))
    #expect(has(survey, SampleTasks.log + 0x2000, 128 * 88))
    #expect(has(survey, SampleTasks.log + 0x8000, 1 << 14))
    #expect(!has(survey, SampleTasks.log + 0xc000, 1))
  }

  @Test func `a log of a size that no kernel has is told, and not noted`() throws {
    sample.test.memory.write(UInt32(31), at: KernelAddress(SampleTasks.log + 24))
    let survey = KernelSurvey(of: sample.test.kernel)
    #expect(try part("the log", of: survey).problem?.contains("2^31") == true)
  }

  @Test func `what is missing is told, part by part`() throws {
    sample.test.symbols.removeAll { ["init_task", "prb", "__per_cpu_start"].contains($0.name) }
    let survey = KernelSurvey(of: sample.test.kernel)
    for name in ["tasks and their stacks", "the log", "processors", "page tables"] {
      #expect(try part(name, of: survey).problem != nil, "\(name)")
    }
    #expect(try part("the kernel's image", of: survey).problem == nil)
  }
}
