import TestKernel

/// Type information of the containers, at offsets of its own.
enum ObjectTypes {
  static let bytes: [UInt8] = {
    var types = SampleBTF()
    let char = types.integer("unsigned char", 1)
    let int = types.integer("unsigned int", 4)
    let long = types.integer("unsigned long", 8)
    let pointer = types.add(2)
    let list = types.array(of: pointer, 2)
    let node = types.structure(
      "rb_node", 24, [("__rb_parent_color", long, 0), ("rb_right", pointer, 8 * 8), ("rb_left", pointer, 16 * 8)])
    types.structure(
      "thing", 160,
      [
        ("value", long, 0), ("links", list, 24 * 8), ("chained", pointer, 40 * 8), ("next", pointer, 48 * 8),
        ("tree", node, 56 * 8), ("latched", types.array(of: node, 2), 80 * 8),
        ("name", types.array(of: char, 16), 136 * 8),
      ])
    addObject(&types, int: int, pointer: pointer)
    types.structure(
      "xa_node", 80,
      [("shift", char, 0), ("slots", types.array(of: pointer, 4), 32 * 8)])
    let array = types.structure("xarray", 16, [("xa_head", pointer, 8 * 8)])
    types.structure("idr", 24, [("idr_rt", array, 0), ("idr_base", int, 16 * 8)])
    types.structure(
      "notifier_block", 24, [("notifier_call", pointer, 0), ("next", pointer, 8 * 8), ("priority", int, 16 * 8)])
    for (kind, offset) in [("atomic", 8), ("blocking", 40), ("raw", 0), ("srcu", 64)] as [(String, UInt32)] {
      types.structure("\(kind)_notifier_head", offset + 8, [("head", pointer, offset * 8)])
    }
    TestTypes.addMapleTree(&types, char: char, int: int, long: long, pointer: pointer)
    let keys = types.structure("assoc_array", 16, [("nr_leaves_on_tree", long, 0), ("root", pointer, 8 * 8)])
    types.structure(
      "assoc_array_node", 48, [("back_pointer", pointer, 0), ("slots", types.array(of: pointer, 4), 16 * 8)])
    types.structure("assoc_array_shortcut", 16, [("next_node", pointer, 8 * 8)])
    let payload = types.structure("key_payload", 32, kind: 5, [("data", types.array(of: pointer, 4), 0)])
    types.structure("key", 80, [("description", pointer, 0), ("payload", payload, 16 * 8), ("keys", keys, 56 * 8)])
    types.structure("public_key", 24, [("keylen", int, 0), ("key", pointer, 8 * 8)])
    types.structure("pcpu_hot", 16, [("current_task", pointer, 8 * 8)])
    return types.bytes()
  }()

  /// A structure that has, and points to, all that one can: a structure that comes before and one that does not, itself, one
  /// without a name, and numbers of every kind.
  private static func addObject(_ types: inout SampleBTF, int: UInt32, pointer: UInt32) {
    let signed = types.add(1, "short", size: 2, details: little(UInt32(1 << 24 | 16)))
    let inner = types.structure("inner", 8, [("low", int, 0), ("high", int, 32)])
    let anonymous = types.structure("", 8, [("mark", int, 32)])
    let object = types.typeCount + 7
    types.structure(
      "object", 96, flag: true,
      [
        ("word", pointer, 0), ("small", signed, 8 * 8), ("bits", int, 5 << 24 | 83), ("inner", inner, 16 * 8),
        ("array", types.array(of: inner, 3), 24 * 8), ("unnamed", anonymous, 48 * 8),
        ("next", types.add(2, size: object), 56 * 8), ("far", types.add(2, size: types.add(7, "thing")), 64 * 8),
        ("shorts", types.array(of: signed, 4), 72 * 8), ("whole", types.array(of: inner, 0), 96 * 8),
      ])
  }
}
