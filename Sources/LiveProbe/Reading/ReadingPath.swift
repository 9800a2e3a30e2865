internal import CSystemCalls
import Files
import Glibc
import KernelFormats
import KernelModel

/// The way from the kernel to us, tried out before anything is believed that came along it.
final class ReadingPath {
  private let root: SystemRoot
  private let reader = GuardedRead()
  private let channelReader = ChannelReader()
  private let file: Result<OpenedFile, FileFault>
  /// The renamed copy, started as early as can be so that it reads while we do.
  private var copy: Result<CopyProcess, Withheld>?
  private let executable: String?
  private let distorted: (ReadingChannel) -> ReadingChannel

  /// - Parameters:
  ///   - executable: the program, of which a copy is run under another name; nil to run none.
  ///   - distorted: what a channel to `/proc/kcore` becomes; for tests, in which nobody else edits what is read.
  init(
    _ root: SystemRoot, executable: String?, distorted: @escaping (ReadingChannel) -> ReadingChannel = { $0 }
  ) {
    self.distorted = distorted
    self.root = root
    self.executable = root.isLive ? executable : nil
    file = Result { () throws(FileFault) in try OpenedFile(root.path("proc/kcore")) }
    copy = self.executable.map(Self.startCopy)
  }

  /// The first channel through which the file begins as it should; `pread` if none does.
  var openingChannel: KcoreChannel {
    guard case .success(let file) = file else { return .pread }
    return KcoreChannel.allCases.first { channel in
      guard let head = reader.read(reading(file, channel), at: 0, count: CoreFileHeader.byteCount).bytes else {
        return false
      }
      do throws(CoreFileError) {
        _ = try CoreFileHeader.decode(head.span)
        return true
      } catch {
        return false  // the next channel may be better
      }
    } ?? .pread
  }

  /// What all trials gave, and the channel through which everything else is best read.
  ///
  /// - Parameter symbolsDigest: our own digest of the kernel's symbols; nil if they could not be read.
  func tryOut(
    _ kcore: ProcKcore, symbols: SymbolTable, symbolsDigest: String?
  ) -> (trials: Result<[ReadingTrial], Withheld>, channel: KcoreChannel, other: KcoreChannel?) {
    let file: OpenedFile
    switch self.file {
    case .success(let opened): file = opened
    case .failure(let fault):
      return (.failure(Withheld("the reading path", why: fault.description)), kcore.channel, nil)
    }
    let channels = KcoreChannel.allCases.map { reading(file, $0) }
    let content = CanaryText.make()
    let own = ownMemory(content, channels, kcore)
    let channel = chosenChannel(own, kcore)
    let reference = reading(file, channel)
    let places = ReadingPlaces(kcore, symbols: symbols, reader: reader, reference: reference)
    var trials = memoryTrials(places, channels, reference) + [own.trial, ownFile(content), directories()]
    trials.append(anotherName(places, reference, symbolsDigest))
    if channel != .pread {
      trials = trials.map { $0.remarking("everything else was read through \(channel.rawValue)") }
    }
    return (.success(trials), channel, Self.farthest(from: channel, of: own.honest))
  }

  private func memoryTrials(
    _ places: ReadingPlaces, _ channels: [ReadingChannel], _ reference: ReadingChannel
  ) -> [ReadingTrial] {
    [
      ExactLengths.trial(channels, at: places.headers + places.pages.prefix(2), reader: reader),
      ChannelAgreement.trial(
        name: ChannelAgreement.headersName, question: ChannelAgreement.headersQuestion, channels,
        reference: reference, at: places.headers, reader: reader, detail: "the headers"),
      ChannelAgreement.trial(
        name: ChannelAgreement.textName, question: ChannelAgreement.textQuestion, channels, reference: reference,
        at: places.pages + places.functions, reader: reader,
        detail: "\(places.pages.count) pages and the starts of \(places.functions.count) functions"),
      SizeAgreement.trial(
        name: SizeAgreement.wordsName, question: SizeAgreement.wordsQuestion, through: reference,
        at: places.wordSpots, reader: reader, detail: "pages, words, and the starts of functions"),
      SizeAgreement.trial(
        name: SizeAgreement.largeName, question: SizeAgreement.largeQuestion, through: reference,
        at: places.largeSpots, reader: reader, detail: "a large read and the pages in it"),
    ]
  }

  /// The first channel that gave our own memory as we wrote it; where none could be tried, the one that opened the file.
  private func chosenChannel(_ own: OwnBytes.Result, _ kcore: ProcKcore) -> KcoreChannel {
    if own.honest.isEmpty || own.honest.contains(kcore.channel.rawValue) { return kcore.channel }
    return KcoreChannel.allCases.first { own.honest.contains($0.rawValue) } ?? kcore.channel
  }

  /// Of the channels that gave our own memory as we wrote it, the one that has least in common with `channel`.
  private static func farthest(from channel: KcoreChannel, of honest: some Collection<String>) -> KcoreChannel? {
    [.ioUring, .aio, .splice, .preadv2, .sendfile, .preadv, .readv, .read, .pread].first {
      $0 != channel && honest.contains($0.rawValue)
    }
  }

  private func reading(_ file: OpenedFile, _ channel: KcoreChannel) -> ReadingChannel {
    distorted(Self.reading(file.descriptor, channel, channelReader))
  }

  private static func reading(_ descriptor: Int32, _ channel: KcoreChannel, _ reader: ChannelReader) -> ReadingChannel {
    ReadingChannel(channel.rawValue) { reader.read(descriptor, at: $0, into: $1, through: channel) }
  }
}

// MARK: - What is of our own

extension ReadingPath {
  private func ownMemory(_ content: [UInt8], _ channels: [ReadingChannel], _ kcore: ProcKcore) -> OwnBytes.Result {
    let page = Result { [root] () throws(Withheld) in
      guard root.isLive else { throw Withheld("our own memory", why: "this is not the running system") }
      return try CanaryPage(holding: content)
    }
    return OwnBytes.memory(content, through: channels, reader: reader) { () throws(Withheld) in
      let physical = try page.get().physicalAddress()
      guard let address = kcore.directMap(physical),
        let offset = kcore.fileOffset(of: address, count: CanaryText.byteCount)
      else { throw Withheld("our own memory", why: "/proc/kcore has no segment that holds it") }
      return offset
    }
  }

  private func ownFile(_ content: [UInt8]) -> ReadingTrial {
    do throws(Withheld) {
      let file = try MemoryFile()
      try file.write(content)
      let channels = KcoreChannel.allCases.map { Self.reading(file.descriptor, $0, channelReader) }
      return OwnBytes.file(content, through: channels, reader: reader)
    } catch {
      return OwnBytes.file(without: error)
    }
  }

  private func directories() -> ReadingTrial {
    DirectoryHonesty.trial(["proc", "sys/module", "dev"].map(directory))
  }

  private func directory(_ relative: String) -> DirectoryHonesty.Directory {
    let path = root.path(relative)
    return DirectoryHonesty.Directory(path: "/" + relative, holdsProcesses: relative == "proc") {
      // Unreadable is as good as absent: the directory is then not among those that were listed.
      guard let folder = try? Folder(path) else { return nil }
      return { sys_getdents64(folder.descriptor, $0.baseAddress, $0.count) }
    }
  }

  private func anotherName(
    _ places: ReadingPlaces, _ reference: ReadingChannel, _ symbolsDigest: String?
  ) -> ReadingTrial {
    let subject = AnotherName.Subject(
      root: root, kernelSymbols: symbolsDigest, spots: places.headers + places.pages
    ) { [reader] spot in
      reader.read(reference, at: spot.offset, count: spot.count).bytes
    }
    return AnotherName.trial(subject) { () throws(CopyProcess.Fault) in try takeCopy() }
  }

  private static func startCopy(of executable: String) -> Result<CopyProcess, Withheld> {
    Result { () throws(Withheld) in
      let process = try CopyProcess(of: executable, argument: RenamedCopy.makeArgument())
      do throws(CopyProcess.Fault) {
        try process.ask(AnotherName.firstQuestions)
      } catch {
        // It has ended already; why is told when its answers are fetched.
      }
      return process
    }
  }

  /// The copy that was started first, or another one if that was taken before.
  private func takeCopy() throws(CopyProcess.Fault) -> AnotherName.Other {
    guard let executable else {
      throw .withheld(
        Withheld(
          "a renamed copy of the program",
          why: "none was to be run (--no-copy, or Copy=no), so whoever answers by a program's name is not found out"))
    }
    let started = copy ?? Self.startCopy(of: executable)
    copy = nil
    let process: CopyProcess
    switch started {
    case .success(let running): process = running
    case .failure(let withheld): throw .withheld(withheld)
    }
    var asked = AnotherName.firstQuestions
    return AnotherName.Other { (questions) throws(CopyProcess.Fault) in
      if !asked.isEmpty, asked.starts(with: questions) {
        asked.removeFirst(questions.count)
      } else {
        try process.ask(questions)
      }
      return try process.answers(questions.count)
    }
  }
}
