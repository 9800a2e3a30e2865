internal import ArgumentParser
internal import Baseline
internal import KernelModel
internal import LiveProbe
internal import Report

/// `liveprobe baseline list`: the kernels that have a baseline here.
struct ListBaselinesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the baselines of this host.",
    discussion: "One line each: build id, release, number of facts, and what its signature claims.")

  @OptionGroup var store: StoreOptions

  func run() throws {
    let store = try store.open()
    // Which kernel is running is a convenience here; without it no line is marked.
    let running = try? LiveIdentity.claimedBuildID().get()
    let builds = try store.list()
    for buildID in builds {
      Terminal.write(
        "\(buildID)  \(try line(for: buildID, store))\(buildID == running ? ", running" : "")\n", to: .standardOutput)
    }
    if running.map(builds.contains) != true {
      Terminal.write("the running kernel has none; record one with: liveprobe baseline record\n", to: .standardOutput)
    }
  }

  private func line(for buildID: BuildID, _ store: BaselineStore) throws -> PlainText {
    let stored = try store.read(buildID)
    do throws(RecordFormatError) {
      let file = try BaselineFile.decode(stored.bytes)
      return "\(file.state.release), \(file.state.factCount) facts, \(file.signature?.words ?? "not signed")"
    } catch {
      return "damaged: \(sentence: error.description)"
    }
  }
}
