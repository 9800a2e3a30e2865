package import Files
package import KernelModel

/// Why a store of kernels cannot give, or take, what was asked.
package enum StoreFault: Error, Hashable, Sendable {
  case file(FileFault)
  case vendor(VendorFileError)
  /// The folder is no store.
  case notAStore(String)
  /// It has no kernel of this build.
  case absent(BuildID)
  /// What was given to tell who signed packages is of no use, and why.
  case metadata(String)
  /// An entry, or a stored file, is not as it was written, and why.
  case damaged(String)
}

extension StoreFault {
  /// What `body` gives of files.
  static func files<Value>(_ body: () throws(FileFault) -> Value) throws(StoreFault) -> Value {
    do throws(FileFault) {
      return try body()
    } catch {
      throw .file(error)
    }
  }

  /// What `body` gives of vendors' files.
  static func vendor<Value>(reading body: () throws(VendorFileError) -> Value) throws(StoreFault) -> Value {
    do throws(VendorFileError) {
      return try body()
    } catch {
      throw .vendor(error)
    }
  }
}

extension StoreFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault): "\(fault.path): \(fault.problem)"
    case .vendor(.unsigned(let why)), .vendor(.wrongSignature(let why)): why
    case .vendor(let error): "it \(error)"
    case .notAStore(let path):
      "\(path) is no store of kernels; one is made by: liveprobe reference add --store \(path) PACKAGE"
    case .absent(let build): "the store has no kernel of build \(build)"
    case .metadata(let why): why
    case .damaged(let why): "damaged: \(why)"
    }
  }
}
