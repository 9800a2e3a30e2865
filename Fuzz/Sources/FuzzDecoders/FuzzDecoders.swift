import DecoderTrials
import Glibc

// What libFuzzer calls (https://llvm.org/docs/LibFuzzer.html): it has the main function, and these two are found by
// their names. LIVEPROBE_FUZZ says which decoder is fuzzed; `list` prints their names.

/// The decoder to fuzz; set once, before the first input.
nonisolated(unsafe) private var chosen: DecoderTrial?

@_cdecl("LLVMFuzzerInitialize")
func initialize(
  _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  let name = getenv("LIVEPROBE_FUZZ").map { String(cString: $0) } ?? ""
  if name == "list" {
    for trial in DecoderTrial.allCases { print(trial.rawValue) }
    exit(0)
  }
  guard let trial = DecoderTrial(rawValue: name) else {
    print("LIVEPROBE_FUZZ=\(name): no such decoder; LIVEPROBE_FUZZ=list prints them")
    exit(2)
  }
  chosen = trial
  if let folder = getenv("LIVEPROBE_FUZZ_SEEDS") { writeSeeds(of: trial, into: String(cString: folder)) }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let problem = chosen?.run(Array(UnsafeBufferPointer(start: data, count: count)))
  precondition(problem == nil, problem ?? "")
  return 0
}

/// Writes the valid inputs that fuzzing starts from, one file each.
private func writeSeeds(of trial: DecoderTrial, into folder: String) {
  for (number, sample) in trial.samples.enumerated() {
    let path = "\(folder)/sample-\(number)"
    guard let file = fopen(path, "w"), fwrite(sample, 1, sample.count, file) == sample.count, fclose(file) == 0 else {
      print("could not write \(path): error \(errno)")
      exit(2)
    }
  }
}
