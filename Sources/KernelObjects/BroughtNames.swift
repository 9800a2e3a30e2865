internal import KernelFormats
internal import KernelModel

/// What was brought besides the image, as far as it is believed: names of variables and layouts of structures.
///
/// A `vmlinux` is known by its build id. A `System.map` has none: it must name the kernel's functions where the kernel itself
/// does, each that both name.
struct BroughtNames {
  /// What there is, that which knows more first.
  let found: [DebugInformation]
  /// Why other things that were brought are not used, as words behind a reason; empty if there are none.
  let problems: String

  /// Fewer functions that both name prove nothing.
  private static let leastCommon = 16

  init(_ kernel: Kernel) {
    let (found, problems) = kernel.reference.debugInformation()
    self.found = found
    self.problems = problems.isEmpty ? "" : " (\(problems.joined(separator: "; ")))"
  }

  /// The symbols `own`, which name code alone, with the variables that were brought besides; nil if none were.
  ///
  /// - Parameters:
  ///   - own: where they lie in the running kernel.
  ///   - offset: how far it was moved from its link-time addresses.
  /// - Throws: if what was brought is of another kernel.
  func symbols(completing own: SymbolTable, movedBy offset: UInt64) throws(CannotCheck) -> (
    SymbolTable, source: String
  )? {
    var obstacle: CannotCheck?
    for information in found {
      guard let brought = information.symbols, brought.namesData else { continue }
      do throws(CannotCheck) {
        return (try Self.complete(own, brought, information, movedBy: offset), information.source)
      } catch {
        obstacle = obstacle ?? error
      }
    }
    if let obstacle { throw obstacle }
    return nil
  }

  private static func complete(
    _ own: SymbolTable, _ brought: SymbolTable, _ information: DebugInformation, movedBy offset: UInt64
  ) throws(CannotCheck) -> SymbolTable {
    // Below the code lie per-CPU variables up to v6.14, which were not moved.
    guard let text = brought.places(ofKernels: "_text").first?.address.rawValue else {
      throw .implausible(information.source, "names no _text")
    }
    func live(_ address: UInt64) -> UInt64 { address < text ? address : address &+ offset }
    var ownCount = 0
    var common = 0
    var elsewhere: String?
    var builder = SymbolTable.Builder()
    builder.reserve(symbolCount: own.count + brought.count, nameByteCount: (own.count + brought.count) * 24)
    own.forEach { name, address, type in
      builder.add(name: name, address: address, type: type)
      guard !information.isOfTheBuild, Symbol.isText(type) else { return }
      ownCount += 1
      let word = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
      let places = brought.places(ofKernels: word)
      guard !places.isEmpty else { return }
      common += 1
      if !places.contains(where: { live($0.address.rawValue) == address }) { elsewhere = elsewhere ?? word }
    }
    if !information.isOfTheBuild {
      if let elsewhere {
        throw .implausible(
          information.source, "is of another build: it has \(elsewhere) elsewhere than the kernel itself")
      }
      guard common >= leastCommon, common >= ownCount / 2 else {
        throw .implausible(information.source, "has but \(common) of the kernel's \(ownCount) functions")
      }
    }
    brought.forEach { name, address, type in
      if !Symbol.isText(type) { builder.add(name: name, address: live(address), type: type) }
    }
    return SymbolTable(builder)
  }

  /// The layouts that were brought; nil if none were.
  ///
  /// - Throws: if there are some that make no sense.
  func types() throws(CannotCheck) -> (KernelTypes, source: String)? {
    for information in found where information.isOfTheBuild {
      guard let decoded = information.types ?? Self.decode(information) else { continue }
      if information.types == nil { information.types = decoded }
      do throws(Withheld) {
        let contents = try decoded.get()
        do throws(BTFError) {
          return (KernelTypes(try BTF(contents.bytes, owner: contents)), information.source)
        } catch {
          throw Withheld(KernelTypes.subject, why: "\(information.source): \(error)")
        }
      } catch {
        throw .withheld(error)
      }
    }
    return nil
  }

  /// What `.debug_info` is decoded to; nil if there is none.
  private static func decode(_ information: DebugInformation) -> Result<VendorObject.Contents, Withheld>? {
    let names = [".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_str_offsets"]
    var sections: [VendorObject.Contents?] = []
    do throws(Withheld) {
      for name in names { sections.append(try information.section(name)) }
    } catch {
      return .failure(error)
    }
    guard sections[0] != nil else { return nil }
    defer { withExtendedLifetime(sections) {} }
    do throws(DwarfError) {
      let dwarf = try DwarfSections { name in names.firstIndex(of: name).flatMap { sections[$0]?.bytes } }
      return .success(VendorObject.Contents(copying: try DwarfTypes.btf(dwarf)))
    } catch {
      return .failure(Withheld(KernelTypes.subject, why: "\(information.source): \(error)"))
    }
  }
}
