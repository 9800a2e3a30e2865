import Glibc
import KernelModel

/// Files that are read and decompressed on other processors before somebody asks for them.
///
/// What a thread works with belongs to it alone; its result belongs to whoever takes it. Where no thread can be started,
/// nothing is read ahead, and whoever asks reads for himself.
final class Prefetcher {
  /// One file: where it is, and how it is read.
  struct Job {
    let place: String
    let read: () -> Result<VendorObject, VendorFileError>
  }

  /// Bytes of results at most that wait for somebody to take them; the last one may exceed it.
  private static let mostWaiting = 2 << 20

  /// What threads share: nobody touches it without the lock.
  private final class Shared {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    var jobs: [Job] = []
    var working: Set<String> = []
    var results: [String: Result<VendorObject, VendorFileError>] = [:]
    var waitingByteCount = 0
    var isOver = false

    init() {
      pthread_mutex_init(lock, nil)
      pthread_cond_init(changed, nil)
    }

    deinit {
      pthread_cond_destroy(changed)
      pthread_mutex_destroy(lock)
      changed.deallocate()
      lock.deallocate()
    }

    func withLock<Value>(_ body: () -> Value) -> Value {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return body()
    }

    /// Waits, with the lock held, until somebody changed something.
    func wait() { pthread_cond_wait(changed, lock) }

    func tell() { pthread_cond_broadcast(changed) }

    /// Works until there is nothing left to do.
    func work() {
      while let job = withLock({ next() }) {
        let result = job.read()
        withLock {
          working.remove(job.place)
          results[job.place] = result
          waitingByteCount += Prefetcher.byteCount(of: result)
          tell()
        }
      }
    }

    private func next() -> Job? {
      while !isOver {
        if waitingByteCount < Prefetcher.mostWaiting, !jobs.isEmpty {
          let job = jobs.removeFirst()
          working.insert(job.place)
          return job
        }
        wait()
      }
      return nil
    }
  }

  private let shared = Shared()
  private var threads: [pthread_t] = []
  private let mostThreads: Int

  /// - Parameter threads: how many to start at most; none if nothing is to be read ahead.
  init(threads: Int) {
    mostThreads = threads
  }

  deinit {
    shared.withLock {
      shared.isOver = true
      shared.tell()
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Whether anything is read ahead.
  var isOn: Bool { mostThreads > 0 }

  /// Reads these files, in this order, behind those that were asked for before.
  func add(_ jobs: [Job]) {
    while threads.count < mostThreads {
      var thread = pthread_t()
      let passed = Unmanaged.passRetained(shared)
      let failure = pthread_create(
        &thread, nil,
        { raw in
          raw.map { Unmanaged<Shared>.fromOpaque($0).takeRetainedValue().work() }
          return nil
        }, passed.toOpaque())
      guard failure == 0 else {
        passed.release()
        break
      }
      threads.append(thread)
    }
    guard !threads.isEmpty else { return }
    shared.withLock {
      shared.jobs += jobs
      shared.tell()
    }
  }

  /// What came of the file at `place`, as soon as it is there; nil if no thread has begun with it: then none will.
  func take(_ place: String) -> Result<VendorObject, VendorFileError>? {
    shared.withLock {
      shared.jobs.removeAll { $0.place == place }
      while shared.working.contains(place) { shared.wait() }
      guard let result = shared.results.removeValue(forKey: place) else { return nil }
      shared.waitingByteCount -= Self.byteCount(of: result)
      shared.tell()
      return result
    }
  }

  private static func byteCount(of result: Result<VendorObject, VendorFileError>) -> Int {
    if case .success(let object) = result { object.contents.bytes.count } else { 0 }
  }
}
