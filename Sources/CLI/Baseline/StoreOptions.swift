internal import ArgumentParser
internal import Baseline
internal import Cryptography
internal import Files
internal import KernelModel
internal import LiveProbe
internal import Report

/// The folder with this host's baselines.
struct StoreOptions: ParsableArguments {
  static let standard = BaselineStore.standardPath

  @Option(help: "Folder of baselines.", completion: .directory)
  var store = Self.standard

  /// The folder, which is made if it is to be written to.
  func open(makes: Bool = false) throws -> BaselineStore {
    do {
      return try BaselineStore(store, makes: makes)
    } catch .absent {
      throw CommandFailure("there are no baselines in \(store); record the first with: liveprobe baseline record")
    }
  }
}

/// One baseline: a file that is named, or that of the running kernel.
struct BaselineArgument: ParsableArguments {
  @OptionGroup var store: StoreOptions

  @Argument(help: "Baseline file; by default that of the running kernel.", completion: .file())
  var baseline: String?

  func read() throws -> (stored: StoredBaseline, file: BaselineFile) {
    let stored = try find()
    do {
      return (stored, try BaselineFile.decode(stored.bytes))
    } catch {
      throw CommandFailure("\(stored.path): \(error)")
    }
  }

  private func find() throws -> StoredBaseline {
    if let baseline {
      do throws(FileFault) {
        return try StoredBaseline(file: baseline)
      } catch {
        throw CommandFailure("\(baseline): \(error.problem)")
      }
    }
    let buildID = try LiveIdentity.claimedBuildID().get()
    do {
      return try store.open().read(buildID)
    } catch StoreError.absent {
      throw CommandFailure(
        "there is no baseline of this kernel, build id \(buildID), in \(store.store); "
          + "record one with: liveprobe baseline record")
    }
  }
}

/// Why a command could not do what it was asked; its text is safe to show.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ sentence: String) {
    description = PlainText(sentence: sentence).description
  }

  init(_ fault: FileFault) {
    self.init("\(fault.path): \(fault.problem)")
  }
}

/// The keys in files that the user names.
enum Keys {
  static func publicKey(_ path: String) throws -> PublicKey { try read(path, PublicKey.init(file:)) }

  static func privateKey(_ path: String) throws -> PrivateKey { try read(path, PrivateKey.init(file:)) }

  private static func read<Key>(_ path: String, _ read: (String) throws(KeyError) -> Key) throws -> Key {
    do {
      return try read(path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }
}
