extension TestTypes {
  /// Nodes of six slots for numbers, and of four and three for ranges.
  package static func addMapleTree(
    _ types: inout SampleBTF, char: UInt32, int: UInt32, long: UInt32, pointer: UInt32
  ) {
    let end = types.structure("maple_metadata", 2, [("end", char, 0), ("gap", char, 8)])
    // What says which slot is the last lies in the last slot itself, but where there is room for it.
    let range = types.structure(
      "maple_range_64", 64,
      [
        ("parent", pointer, 0), ("pivot", types.array(of: long, 3), 8 * 8),
        ("slot", types.array(of: pointer, 4), 32 * 8),
        ("meta", end, 56 * 8),
      ])
    let allocation = types.structure(
      "maple_arange_64", 80,
      [
        ("parent", pointer, 0), ("pivot", types.array(of: long, 2), 8 * 8),
        ("slot", types.array(of: pointer, 3), 24 * 8),
        ("gap", types.array(of: long, 3), 48 * 8), ("meta", end, 72 * 8),
      ])
    types.structure(
      "maple_node", 128, kind: 5,
      [
        ("parent", pointer, 0), ("slot", types.array(of: pointer, 6), 8 * 8), ("mr64", range, 0),
        ("ma64", allocation, 0),
      ])
    types.structure("maple_tree", 24, [("ma_flags", int, 0), ("ma_root", pointer, 8 * 8)])
  }
}
