import Checks
import KernelModel
import TestKernel
import Testing

/// Kernels that say nothing of how their structures are laid out, or of their variables.
@Suite struct UntypedKernelTests {
  private typealias Variable = TestVendorKernel.Variable

  /// A kernel without type information, whose functions nobody traces and where no probe is.
  private func untyped() -> TestTextKernel {
    let test = TestTextKernel()
    test.vendor.file.sections.removeAll { $0.name == ".BTF" }
    // FPU, MSR, PAE, CX8, FXSR, SSE, SSE2 and 3; SYSCALL and LM; X86_FEATURE_ALWAYS.
    let first: UInt32 = 1 << 0 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 24 | 1 << 25 | 1 << 26
    test.set(Variable.processor + 16, to: first)
    test.set(Variable.processor + 20, to: UInt32(1 << 11 | 1 << 29))
    test.set(Variable.processor + 28, to: UInt32(1 << 21))
    test.set(Variable.tracers, to: TestTextKernel.live(Variable.lastTracer).rawValue)
    for place in [0x610, 0x620, 0x630] as [UInt64] {
      test.setRecord(of: place) { _ in 0 }
      test.write(hex("0f 1f 44 00 00"), at: place)
    }
    test.set(Variable.directCalls, to: UInt64(0))
    for site in TestVendorKernel.sites where site.place == 0x740 || site.place == 0x760 || site.place == 0x687 {
      test.write(site.file, at: site.place)
    }
    for bucket in 0..<UInt64(64) { test.set(Variable.probes + bucket * 8, to: UInt64(0)) }
    return test
  }

  private func examine(_ test: TestTextKernel) throws -> Examination { try KernelText().examine(test.kernel) }

  @Test func `code is verified by what lies in the structures`() throws {
    let examination = try examine(untyped())
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.map(\.reason) == [])
    #expect(examination.remarks.contains { $0.contains("were found by what lies in them") }, "\(examination.remarks)")
    #expect(examination.accounts.first?.unexplainedBytes == 0)
  }

  @Test func `a changed byte is found`() throws {
    let test = untyped()
    test.write([0x90], at: 0x788)
    #expect(try examine(test).findings.count == 1)
  }

  @Test func `a changed alternative is found`() throws {
    let test = untyped()
    test.write([0x90], at: 0x100)
    #expect(try examine(test).findings.count == 1)
  }

  /// Each makes a structure that nothing tells of decide over code.
  @Test(arguments: ["features", "tracer", "probe", "records", "change"])
  func `what cannot be inferred is not guessed`(_ what: String) throws {
    let test = untyped()
    switch what {
    case "features": test.set(Variable.processor + 20, to: UInt32(0))
    case "tracer": test.set(Variable.tracers, to: TestTextKernel.heap + 0x200)
    case "probe": test.set(Variable.probes + 24, to: TestTextKernel.heap + 0x400)
    case "records": test.memory.write(UInt64(1), at: KernelAddress(TestTextKernel.heap + 0x100))
    default: test.set(Variable.changeCount, to: Int32(1))
    }
    do throws(CannotCheck) {
      let examination = try KernelText().examine(test.kernel)
      #expect(examination.findings.isEmpty, "\(what)")
      #expect(!examination.unanswered.isEmpty, "\(what)")
    } catch {
      // As good an answer.
      #expect("\(error)".isEmpty == false)
    }
  }

  @Test func `other questions say what to bring`() throws {
    do throws(CannotCheck) {
      _ = try Processes().examine(untyped().kernel)
      Issue.record("the processes were told")
    } catch {
      #expect("\(error)".contains("the vmlinux of this build"), "\(error)")
    }
    // Which taint modules have is a part of the question.
    let unanswered = try Taint().examine(untyped().kernel).unanswered
    #expect(unanswered.map(\.subject) == [Subject("taint", label: "of modules")])
    #expect(unanswered.contains { "\($0.reason)".contains("the vmlinux of this build") })
  }

  // MARK: A System.map

  /// A kernel whose own table names code alone, and what a `System.map` of the same build says.
  private func unnamed(of other: Bool = false) -> TestTextKernel {
    let test = TestTextKernel()
    let data = Set(TestVendorKernel.symbols.filter { $0.type != "T" && !$0.name.hasPrefix("filler") }.map(\.name))
    // As many more as make the image's tables believable.
    let more = Dictionary(uniqueKeysWithValues: (0..<100).map { ("more\($0)", 0x1_8000 + UInt64($0) * 16) })
    test.rebuild(as: TestVendorKernel(without: data, adding: more))
    test.symbols.removeAll { data.contains($0.name) }
    test.symbolsAreWhole = true
    var builder = SymbolTable.Builder()
    for symbol in TestVendorKernel.symbols {
      let place = other && symbol.name == "victim" ? symbol.place + 8 : symbol.place
      builder.add(
        Symbol(
          name: symbol.name, address: KernelAddress(TestVendorKernel.link(place)), type: symbol.type.utf8.first ?? 0))
    }
    for (name, place) in more {
      builder.add(
        Symbol(name: name, address: KernelAddress(TestVendorKernel.link(place)), type: UInt8(ascii: "t")))
    }
    test.reference.debugging = [
      DebugInformation(source: "/brought/System.map", symbols: SymbolTable(builder), isOfTheBuild: false)
    ]
    return test
  }

  @Test func `a System map names the variables`() throws {
    let examination = try examine(unnamed())
    #expect(examination.unanswered.map(\.reason) == [])
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(try Taint().examine(unnamed().kernel).unanswered.isEmpty)
  }

  @Test func `without one the question is open, and says so`() throws {
    let test = unnamed()
    test.reference.debugging = []
    do throws(CannotCheck) {
      let examination = try KernelText().examine(test.kernel)
      #expect(examination.findings.isEmpty)
      #expect(examination.unanswered.contains { "\($0.reason)".contains("System.map") }, "\(examination.unanswered)")
    } catch {
      #expect("\(error)".contains("System.map"), "\(error)")
    }
  }

  @Test func `a System map of another build is refused`() throws {
    do throws(CannotCheck) {
      let examination = try KernelText().examine(unnamed(of: true).kernel)
      #expect(examination.findings.isEmpty)
      #expect(examination.unanswered.contains { "\($0.reason)".contains("has victim elsewhere") })
    } catch {
      #expect("\(error)".contains("has victim elsewhere"), "\(error)")
    }
  }
}
