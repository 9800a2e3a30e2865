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
  /// All that the image has.
  package let symbols: SymbolIndex
  package let types: KernelTypes
  /// Live addresses of the code, `_text` up to `_etext`.
  package let text: Range<UInt64>

  package static let subject = "the vendor's kernel image"

  package init(_ object: VendorObject, offset: UInt64) throws(CannotCheck) {
    self.object = object
    self.offset = offset
    guard let code = object.section(named: ".text"), let constants = object.section(named: ".rodata") else {
      throw .implausible(Self.subject, "has no sections .text and .rodata")
    }
    guard let typeSection = object.section(named: ".BTF") else {
      throw .withheld(KernelTypes.notBuilt("\(object.source) has no section .BTF"))
    }
    do throws(BTFError) {
      types = KernelTypes(try BTF(object.bytes(of: typeSection), owner: object.contents))
    } catch {
      throw .implausible(Self.subject, "its type information: \(error)")
    }
    do throws(ImageKallsymsError) {
      let kallsyms = try ImageKallsyms(object.bytes(of: constants), at: constants.address, text: code.address)
      symbols = SymbolIndex(kallsyms.symbolTable(movedBy: offset), of: object.source)
    } catch {
      throw .implausible(Self.subject, "its symbols: \(error)")
    }
    guard let start = symbols["_text"], let end = symbols["_etext"], start < end, start == code.address &+ offset,
      end - start <= code.byteCount &+ 4096
    else { throw .implausible(Self.subject, "_text and _etext do not bound its code") }
    text = start..<end
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
    return try VendorImage(object, offset: offset)
  }

  /// The vendor's image of it.
  ///
  /// - Throws: if that is not to be had or makes no sense.
  package var vendorImage: VendorImage {
    get throws(CannotCheck) { try value(of: Self.vendorImageMember) }
  }
}
