import LiveProbe
import Testing

@Suite struct SystemRootTests {
  @Test func `a text ends at its first zero byte and loses the blanks at its ends`() throws {
    let fixture = try FixtureRoot()
    try fixture.write(" quiet splash \n\0hidden", to: "file")
    #expect(try fixture.root.text(of: "file") == "quiet splash")
    #expect(try fixture.root.line(of: "file") == " quiet splash ")
  }

  @Test func `paths lie under the root, with one slash between`() {
    #expect(SystemRoot().path("proc/kcore") == "/proc/kcore")
    #expect(SystemRoot(path: "/some/folder/").path("proc/kcore") == "/some/folder/proc/kcore")
    #expect(SystemRoot(path: "//").isLive)
    #expect(SystemRoot(path: "").isLive)
  }
}
