import KernelFormats
import TestKernel
import Testing

@Suite struct BTFCodePointersTests {
  /// The words of a structure by which code is reached: `8 ops table`.
  private func words(_ name: String, _ make: (inout SampleBTF, _ function: UInt32) -> Void) throws -> [String] {
    var types = SampleBTF()
    let function = types.add(2, size: types.add(13))
    make(&types, function)
    let bytes = types.bytes()
    return try bytes.withUnsafeBytes { bytes in
      let structure = try #require(try BTF(bytes).structure(name))
      return structure.codePointers.map { pointer in
        let readings = pointer.readings.map { path, target in
          switch target {
          case .function: "\(path) function"
          case .table(let structure): "\(path) table \(structure.name)"
          }
        }
        return "\(pointer.offset) \(readings.joined(separator: ", "))"
      }
    }
  }

  @Test func `functions are found in members, arrays and anonymous structures`() throws {
    let words = try words("outer") { types, function in
      let long = types.integer("unsigned long", 8)
      let inner = types.structure("inner", 16, [("number", long, 0), ("call", function, 64)])
      let anonymous = types.structure("", 8, [("late", function, 0)])
      let named = types.add(8, "call_t", size: types.add(10, size: function))
      types.structure(
        "outer", 64,
        [
          ("first", named, 0), ("inner", inner, 8 * 8), ("", anonymous, 24 * 8),
          ("many", types.array(of: inner, 2), 32 * 8),
        ])
    }
    #expect(
      words == [
        "0 first function", "16 inner.call function", "24 late function", "40 many[0].call function",
        "56 many[1].call function",
      ])
  }

  @Test func `a table is a constant structure with functions, or one that has little else`() throws {
    let words = try words("user") { types, function in
      let long = types.integer("unsigned long", 8)
      let few = types.structure(
        "few", 32, [("a", long, 0), ("b", long, 64), ("c", long, 128), ("call", function, 192)])
      let most = types.structure("most", 16, [("call", function, 0), ("number", long, 64)])
      let none = types.structure("none", 8, [("number", long, 0)])
      types.structure(
        "user", 40,
        [
          ("few", types.add(2, size: few), 0), ("constant", types.add(2, size: types.add(10, size: few)), 64),
          ("most", types.add(2, size: most), 128), ("none", types.add(2, size: types.add(10, size: none)), 192),
          ("void", types.add(2), 256),
        ])
    }
    #expect(words == ["8 constant table few", "16 most table most"])
  }

  @Test func `of a union only words count that are nothing else`() throws {
    let words = try words("both") { types, function in
      let table = types.structure("table", 8, [("call", function, 0)])
      let constant = types.add(2, size: types.add(10, size: table))
      let code = types.structure("", 8, kind: 5, [("ops", constant, 0), ("call", function, 0)])
      let mixed = types.structure("", 8, kind: 5, [("number", types.integer("int", 4), 0), ("call", function, 0)])
      let kept = types.structure("callback_head", 16, [("next", types.add(2), 0), ("func", function, 64)])
      types.structure("both", 32, [("", code, 0), ("", mixed, 64), ("rcu", kept, 128)])
    }
    #expect(words == ["0 ops table table, call function"])
  }

  @Test func `types that contain themselves come to an end`() throws {
    let words = try words("loop") { types, function in
      let own = types.typeCount + 2
      types.structure("loop", 16, [("self", types.array(of: own, 1 << 20), 0), ("call", function, 64)])
    }
    #expect(words.count < 4096)
  }
}
