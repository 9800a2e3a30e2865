internal import KernelFormats
package import KernelModel

/// The vendor's kernel image as far as the running kernel's structures are read by it: its symbols, its types, and where
/// its code lies.
///
/// All of it is the image's; nothing here is read from the running kernel but how far it was moved.
package struct VendorImage {
  package let object: VendorObject
  /// How far the running kernel was moved from its link-time addresses.
  package let offset: UInt64
  /// All that the image has, and what was brought besides where that names code alone.
  package let symbols: SymbolIndex
  /// Live addresses of the code, `_text` up to `_etext`.
  package let text: Range<UInt64>
  private let knownTypes: Result<KernelTypes, CannotCheck>
  /// Whose word symbols and types are: files.
  private let typeSource: String?
  private let symbolSource: String

  package static let subject = "the vendor's kernel image"

  /// How structures are laid out.
  ///
  /// - Throws: if neither the image nor what was brought besides says it.
  package var types: KernelTypes { get throws(CannotCheck) { try knownTypes.get() } }

  /// Whose word ``symbols`` and ``types`` are.
  package var source: String {
    guard let typeSource else { return "symbols of \(symbolSource)" }
    guard typeSource != symbolSource else { return "symbols and types of \(symbolSource)" }
    return "symbols of \(symbolSource) and types of \(typeSource)"
  }

  package init(_ object: VendorObject, of kernel: Kernel, offset: UInt64) throws(CannotCheck) {
    self.object = object
    self.offset = offset
    guard let code = object.section(named: ".text"), let constants = object.section(named: ".rodata") else {
      throw .implausible(Self.subject, "has no sections .text and .rodata")
    }
    var table: SymbolTable
    do throws(ImageKallsymsError) {
      table = try ImageKallsyms(object.bytes(of: constants), at: constants.address, text: code.address)
        .symbolTable(movedBy: offset, orSame: kernel.symbols)
    } catch {
      throw .implausible(Self.subject, "its symbols: \(error)")
    }
    var symbolSource = object.source
    if !table.namesData, let completed = try BroughtNames(kernel).symbols(completing: table, movedBy: offset) {
      table = completed.0
      if completed.source != symbolSource { symbolSource += " and \(completed.source)" }
    }
    symbols = SymbolIndex(table, of: object.source)
    self.symbolSource = symbolSource
    (knownTypes, typeSource) = Self.types(object, kernel, symbols, offset: offset)
    guard let start = symbols["_text"], let end = symbols["_etext"], start < end, start == code.address &+ offset,
      end - start <= code.byteCount &+ 4096
    else { throw .implausible(Self.subject, "_text and _etext do not bound its code") }
    text = start..<end
  }

  private static func types(
    _ object: VendorObject, _ kernel: Kernel, _ symbols: SymbolIndex, offset: UInt64
  ) -> (Result<KernelTypes, CannotCheck>, source: String?) {
    guard let section = object.section(named: ".BTF") else {
      let brought = BroughtNames(kernel)
      do throws(CannotCheck) {
        if let (types, source) = try brought.types() {
          try FirstTask(object, symbols, offset: offset).confirm(types, of: source)
          return (.success(types), source)
        }
        let sign = "\(object.source) has no section .BTF\(brought.problems)"
        return (.failure(.withheld(KernelTypes.notBuilt(sign, isShuffled: object.saysThatItWasShuffled))), nil)
      } catch {
        return (.failure(error), nil)
      }
    }
    do throws(BTFError) {
      return (.success(KernelTypes(try BTF(object.bytes(of: section), owner: object.contents))), object.source)
    } catch {
      return (.failure(.implausible(subject, "its type information: \(error)")), nil)
    }
  }
}

extension Kernel {
  private static let vendorImageMember = Workings.Member { (kernel) throws(CannotCheck) in
    let object: VendorObject
    let offset: UInt64
    do throws(Withheld) {
      object = try kernel.reference.kernelImage()
      offset = try kernel.identity.kaslrOffset.get()
    } catch {
      throw .withheld(error)
    }
    return try VendorImage(object, of: kernel, offset: offset)
  }

  /// The vendor's image of it.
  ///
  /// - Throws: if that is not to be had or makes no sense.
  package var vendorImage: VendorImage {
    get throws(CannotCheck) { try value(of: Self.vendorImageMember) }
  }
}

extension VendorObject {
  /// Whether what modules must have been built like (vermagic) has the seed by which structures were shuffled.
  ///
  /// Source: MODULE_RANDSTRUCT in include/linux/vermagic.h (Linux v5.10 to v7.2).
  fileprivate var saysThatItWasShuffled: Bool {
    let mark = Array("RANDSTRUCT_".utf8)
    guard let constants = section(named: ".rodata"), case let bytes = bytes(of: constants), bytes.count >= mark.count
    else { return false }
    return bytes.withMemoryRebound(to: UInt8.self) { bytes in
      (0...bytes.count - mark.count).contains { start in
        bytes[start] == mark[0] && mark.indices.allSatisfy { bytes[start + $0] == mark[$0] }
      }
    }
  }
}
