package import KernelModel

extension Kernel {
  /// Whose code a return to `address` goes back to: that of the call before it, as the kernel's own messages (`%pB`) say.
  ///
  /// A function that ends with a call that never returns has its return address in whatever comes behind it.
  package func owner(ofReturnTo address: KernelAddress) -> Owner {
    guard let call = address.retreated(by: 1) else { return owner(of: address) }
    func moved(_ place: Place) -> Place {
      // Where nothing has a name, the address itself stands for one.
      place.symbol == call.description
        ? Place(symbol: address.description, offset: place.offset, module: place.module)
        : Place(symbol: place.symbol, offset: place.offset &+ 1, module: place.module)
    }
    return switch owner(of: call) {
    case .kernelText(let place): .kernelText(moved(place))
    case .kernelData(let place): .kernelData(moved(place))
    case .module(let place): .module(moved(place))
    case .generatedCode(let place): .generatedCode(moved(place))
    case .nobody: owner(of: address)
    }
  }
}
