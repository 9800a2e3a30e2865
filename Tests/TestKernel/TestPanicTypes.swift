/// The type information of a ``TestPanic``: the structures that a panic's story is read from, at offsets of its own.
package enum TestPanicTypes {
  /// Bytes of `struct prb_desc` and `struct printk_info`.
  package static let descriptorByteCount: UInt64 = 24
  package static let infoByteCount: UInt64 = 88

  /// - Parameter isNewer: whether an ORC entry is as since v6.4.
  package static func bytes(isNewer: Bool) -> [UInt8] {
    var types = SampleBTF()
    let char = types.integer("char", 1)
    let short = types.integer("short", 2)
    let int = types.integer("unsigned int", 4)
    let long = types.integer("unsigned long", 8)
    let pointer = types.add(2)
    let list = types.array(of: pointer, 2)
    addOrc(&types, short: short, int: int, isNewer: isNewer)
    addLog(&types, char: char, short: short, int: int, long: long, pointer: pointer)
    let thread = types.structure("thread_struct", 32, [("sp", long, 16 * 8)])
    let signal = types.structure("signal_struct", 16, [("thread_head", list, 0)])
    types.structure(
      "task_struct", 160,
      [
        ("__state", int, 0), ("flags", int, 4 * 8), ("signal", types.add(2, size: signal), 8 * 8),
        ("stack", pointer, 16 * 8), ("pid", int, 32 * 8), ("tgid", int, 36 * 8),
        ("comm", types.array(of: char, 16), 40 * 8), ("thread", thread, 64 * 8), ("thread_node", list, 96 * 8),
        ("tasks", list, 144 * 8),
      ])
    for (lock, waiter) in [("mutex", "mutex_waiter"), ("rw_semaphore", "rwsem_waiter")] {
      types.structure(lock, 32, [("owner", long, 0), ("wait_list", list, 16 * 8)])
      types.structure(waiter, 32, [("list", list, 0), ("task", pointer, 16 * 8)])
    }
    types.structure("pcpu_hot", 32, [("current_task", pointer, 0), ("top_of_stack", long, 16 * 8)])
    types.structure("inactive_task_frame", 56, [("bp", long, 40 * 8), ("ret_addr", long, 48 * 8)])
    types.structure(
      "cea_exception_stacks", 0x6000,
      [("DF_stack", types.array(of: char, 8192), 0x1000 * 8), ("NMI_stack", types.array(of: char, 8192), 0x4000 * 8)])
    let memory = types.structure("module_memory", 16, [("base", pointer, 0), ("size", int, 8 * 8)])
    let arch = types.structure(
      "mod_arch_specific", 24,
      [("num_orcs", int, 0), ("orc_unwind_ip", pointer, 8 * 8), ("orc_unwind", pointer, 16 * 8)])
    types.structure(
      "module", 256,
      [
        ("state", int, 0), ("list", list, 8 * 8), ("name", types.array(of: char, 56), 24 * 8),
        ("mem", types.array(of: memory, 7), 80 * 8), ("arch", arch, 200 * 8), ("taints", long, 224 * 8),
      ])
    types.structure(
      "mod_unload_taint", 80,
      [("list", list, 0), ("name", types.array(of: char, 56), 16 * 8), ("taints", long, 72 * 8)])
    types.structure(
      "ftrace_ops", 40,
      [
        ("func", pointer, 0), ("next", pointer, 8 * 8), ("flags", long, 16 * 8), ("trampoline", long, 24 * 8),
        ("trampoline_size", long, 32 * 8),
      ])
    types.structure(
      "kprobe", 128,
      [
        ("hlist", list, 0), ("list", list, 16 * 8), ("addr", pointer, 40 * 8), ("pre_handler", pointer, 64 * 8),
        ("post_handler", pointer, 72 * 8), ("opcode", char, 80 * 8), ("flags", int, 120 * 8),
      ])
    types.structure("vmap_area", 24, [("list", list, 0), ("vm", pointer, 16 * 8)])
    types.structure(
      "vm_struct", 32,
      [("addr", pointer, 0), ("size", long, 8 * 8), ("flags", long, 16 * 8), ("caller", pointer, 24 * 8)])
    return types.bytes()
  }

  private static func addOrc(_ types: inout SampleBTF, short: UInt32, int: UInt32, isNewer: Bool) {
    func bits(_ count: UInt32, at offset: UInt32) -> UInt32 { count << 24 | offset }
    var members: [(String, UInt32, UInt32)] = [
      ("sp_offset", short, 0), ("bp_offset", short, 16), ("sp_reg", int, bits(4, at: 32)),
      ("bp_reg", int, bits(4, at: 36)),
    ]
    members +=
      isNewer
      ? [("type", int, bits(3, at: 40)), ("signal", int, bits(1, at: 43))]
      : [("type", int, bits(2, at: 40)), ("end", int, bits(1, at: 42))]
    types.structure("orc_entry", 6, flag: true, members)
  }

  private static func addLog(
    _ types: inout SampleBTF, char: UInt32, short: UInt32, int: UInt32, long: UInt32, pointer: UInt32
  ) {
    let block = types.structure("prb_data_blk_lpos", 16, [("begin", long, 0), ("next", long, 64)])
    types.structure("prb_desc", 24, [("state_var", long, 0), ("text_blk_lpos", block, 64)])
    types.structure(
      "printk_info", 88, flag: true,
      [
        ("seq", long, 0), ("ts_nsec", long, 64), ("text_len", short, 128), ("facility", char, 144),
        ("flags", char, 5 << 24 | 152), ("level", char, 3 << 24 | 157), ("caller_id", int, 160),
      ])
    let descriptors = types.structure(
      "prb_desc_ring", 48,
      [
        ("count_bits", int, 0), ("descs", pointer, 64), ("infos", pointer, 128), ("head_id", long, 192),
        ("tail_id", long, 256),
      ])
    let texts = types.structure("prb_data_ring", 32, [("size_bits", int, 0), ("data", pointer, 64)])
    types.structure("printk_ringbuffer", 80, [("desc_ring", descriptors, 0), ("text_data_ring", texts, 48 * 8)])
  }
}
