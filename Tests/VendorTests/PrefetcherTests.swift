import Glibc
import KernelModel
import Testing

@testable import Vendor

@Suite("Files that are read ahead", .timeLimit(.minutes(5)))
struct PrefetcherTests {
  private static func object(_ name: String, byteCount: Int = 1) -> VendorObject {
    VendorObject(
      source: name, buildID: nil, sections: [],
      contents: VendorObject.Contents(copying: [UInt8](repeating: 0, count: byteCount)))
  }

  private static func job(_ name: String, byteCount: Int = 1) -> Prefetcher.Job {
    Prefetcher.Job(place: name) { .success(object(name, byteCount: byteCount)) }
  }

  @Test(arguments: 1...3)
  func `each file is read once, and given to whoever asks for it`(threads: Int) throws {
    let ahead = Prefetcher(threads: threads)
    let names = (0..<200).map { "module\($0)" }
    ahead.add(names.map { Self.job($0) })
    for name in names {
      // What no thread had begun with is for whoever asks.
      if let read = ahead.take(name) { #expect(try read.get().source == name) }
      #expect(ahead.take(name) == nil)
    }
  }

  @Test func `a file that somebody works on is waited for`() throws {
    let ahead = Prefetcher(threads: 1)
    var begun: [Int32] = [0, 0]
    #expect(pipe(&begun) == 0)
    defer { begun.forEach { close($0) } }
    ahead.add([
      Prefetcher.Job(place: "slow") { [begun] in
        write(begun[1], "!", 1)
        usleep(50_000)
        return .success(Self.object("slow"))
      }
    ])
    var byte: UInt8 = 0
    #expect(read(begun[0], &byte, 1) == 1)
    #expect(try #require(ahead.take("slow")).get().source == "slow")
  }

  @Test func `what went wrong is told whoever asks`() throws {
    let ahead = Prefetcher(threads: 1)
    var begun: [Int32] = [0, 0]
    #expect(pipe(&begun) == 0)
    defer { begun.forEach { close($0) } }
    ahead.add([
      Prefetcher.Job(place: "damaged") { [begun] in
        write(begun[1], "!", 1)
        return .failure(.damaged("for the test"))
      }
    ])
    var byte: UInt8 = 0
    #expect(read(begun[0], &byte, 1) == 1)
    let result = try #require(ahead.take("damaged"))
    #expect(throws: VendorFileError.self) { try result.get() }
  }

  @Test func `no more is read than may wait, and what waits for nobody stops nothing`() {
    let ahead = Prefetcher(threads: 1)
    ahead.add((0..<32).map { Self.job("large\($0)", byteCount: 1 << 20) })
    // Nobody takes the first ones: the thread rests, and whoever asks for the last reads for himself.
    #expect(ahead.take("large31") == nil)
  }

  @Test func `without threads nothing is read ahead`() {
    let ahead = Prefetcher(threads: 0)
    #expect(!ahead.isOn)
    ahead.add([Self.job("one")])
    #expect(ahead.take("one") == nil)
  }
}
