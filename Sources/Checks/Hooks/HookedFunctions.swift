internal import KernelModel
internal import KernelObjects

/// Names the functions in which somebody is called, and the system calls that they handle.
struct HookedFunctions {
  private let kernel: Kernel
  /// For each interface: numbers and names by what follows `sys_` in the name of a handler.
  private let calls: [(abi: SystemCallABI, byHandler: [String: SystemCallNumber])]

  /// Functions that are looked at yet: a million probes are counted, and their functions not named.
  private var remaining = 1 << 18

  /// Functions looked at of one hook, and those named.
  private static let mostRead = 4096
  private static let mostNamed = 64

  init(_ kernel: Kernel) {
    self.kernel = kernel
    calls = SystemCallABI.all.map { abi in
      let handlers = abi.numbers.flatMap { entry in
        entry.entryPoints.compactMap { point in Machine.call(ofEntryPoint: Substring(point)).map { ($0, entry) } }
      }
      return (abi, Dictionary(handlers, uniquingKeysWith: { first, _ in first }))
    }
  }

  mutating func target(of interception: Interception) -> Hook.Target {
    switch interception.functions {
    case .unknown: return .unknownFunctions
    case .all(let excepted): return .everyFunction(except: excepted.count)
    case .these(let places):
      return target(of: places, isExact: interception.means == .probe || interception.means == .returnProbe)
    }
  }

  /// - Parameter isExact: whether a place behind a function's start is one that somebody chose, not the tracer's own.
  mutating func target(of places: [UInt64], isExact: Bool = false) -> Hook.Target {
    let read = places.prefix(min(Self.mostRead, remaining))
    remaining -= read.count
    let functions = read.map { function(at: $0, isExact: isExact) }
    let handlers = functions.filter { $0.systemCall != nil }
    let others = functions.filter { $0.systemCall == nil }
    return .functions(Array((handlers + others).prefix(Self.mostNamed)), count: places.count)
  }

  private func function(at address: UInt64, isExact: Bool) -> Hook.Function {
    guard var place = kernel.owner(of: KernelAddress(address)).place else {
      return Hook.Function(place: Place(symbol: KernelAddress(address).description))
    }
    if !isExact, place.offset < Machine.tracedStartByteCount { place.offset = 0 }
    return Hook.Function(place: place, systemCall: place.module == nil ? systemCall(handledBy: place.symbol) : nil)
  }

  private func systemCall(handledBy function: String) -> Hook.SystemCall? {
    for (abi, byHandler) in calls {
      if let call = abi.call(handledBy: function) {
        guard let entry = byHandler[call] else { continue }
        return Hook.SystemCall(number: entry.number, name: entry.name, programs: abi.callers)
      }
      if abi.dispatcher == function || abi.entryFunctions.contains(function) {
        return Hook.SystemCall(number: nil, name: nil, programs: abi.callers)
      }
    }
    return nil
  }
}
