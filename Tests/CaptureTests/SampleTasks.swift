import KernelModel
import TestKernel

/// The small kernel with two processors, three processes, one of them with two threads, and a log.
struct SampleTasks {
  let test = TestKernel()

  static let base: UInt64 = 0xffff_8880_0500_0000
  static let types: UInt64 = 0xffff_8880_0700_0000
  /// `init_task`, and those that are reached from it: by the list, as a thread, by its number alone, by a processor.
  static let first = base
  static let listed = base + 0x1_0000
  static let thread = base + 0x2_0000
  static let unlinked = base + 0x3_0000
  static let idle = base + 0x4_0000
  static let all = [first, listed, thread, unlinked, idle]
  static let signals = base + 0x8_0000
  static let numbers = base + 0x9_0000
  static let processors = base + 0xa_0000
  static let log = base + 0xc_0000
  static let variables: UInt64 = 0xffff_ffff_8102_e000
  static let taskByteCount: UInt64 = 0x1800

  init() {
    var types = SampleBTF()
    let int = types.integer("unsigned int", 4)
    let pointer = types.add(2)
    let char = types.integer("char", 1)
    let list = types.array(of: pointer, 2)
    let thread = types.structure("thread_struct", 16, [("sp", pointer, 0)])
    types.structure(
      "task_struct", UInt32(Self.taskByteCount),
      [
        ("pid", int, 0), ("tgid", int, 32), ("flags", int, 64), ("stack", pointer, 128), ("tasks", list, 192),
        ("thread_node", list, 320), ("signal", pointer, 448), ("pid_links", list, 512), ("thread", thread, 640),
        ("comm", types.array(of: char, 16), 768), ("mm", pointer, 0x1000 * 8),
      ])
    types.structure("signal_struct", 32, [("thread_head", list, 64)])
    types.structure("mm_struct", 0x1400, [("pgd", pointer, 0)])
    types.structure("pid", 32, [("tasks", types.array(of: pointer, 3), 64)])
    let root = types.structure("xarray", 16, [("xa_head", pointer, 64)])
    let tree = types.structure("idr", 24, [("idr_rt", root, 0), ("idr_base", int, 16 * 8)])
    types.structure("pid_namespace", 64, [("idr", tree, 64)])
    types.structure("xa_node", 64, [("slots", types.array(of: pointer, 4), 0), ("shift", char, 40 * 8)])
    types.structure("prb_desc", 24, [("state_var", pointer, 0)])
    types.structure("printk_info", 88, [("seq", pointer, 0)])
    let ring = types.structure(
      "prb_desc_ring", 24, [("count_bits", int, 0), ("descs", pointer, 64), ("infos", pointer, 128)])
    let texts = types.structure("prb_data_ring", 16, [("size_bits", int, 0), ("data", pointer, 64)])
    types.structure("printk_ringbuffer", 48, [("desc_ring", ring, 0), ("text_data_ring", texts, 192)])
    let bytes = types.bytes()
    write(bytes, at: Self.types)
    test.add("__start_BTF", KernelAddress(Self.types))
    test.add("__stop_BTF", KernelAddress(Self.types + UInt64(bytes.count)))
    test.symbolsAreWhole = true
    writeTasks()
    writeProcessors()
    writeLog()
    for (name, offset) in [("__init_begin", 0), ("__init_end", 0x1000)] {
      test.add(name, KernelAddress(0xffff_ffff_8102_9000 + UInt64(offset)))
    }
  }

  func write(_ bytes: [UInt8], at address: UInt64) { test.memory.write(bytes, at: KernelAddress(address)) }
  func write(_ value: UInt64, at address: UInt64) { test.memory.write(value, at: KernelAddress(address)) }

  /// The stack of a task: four pages behind its record.
  static func stack(of task: UInt64) -> UInt64 { task + 0x4000 }
  static func memory(of task: UInt64) -> UInt64 { task + 0x9c00 }

  private func writeTasks() {
    for (number, task) in Self.all.enumerated() {
      test.memory.map(MemoryRegion(start: KernelAddress(task), byteCount: 0x1_0000))
      test.memory.write(UInt32(number), at: KernelAddress(task))
      write(Self.stack(of: task), at: task + 16)
      write(Self.signals + UInt64(number) * 0x100, at: task + 56)
      write(Self.memory(of: task), at: task + 0x1000)
    }
    // Two lists: of processes, and of the second one's threads.
    link([Self.first + 24, Self.listed + 24])
    for number in [0, 2, 3, 4] as [UInt64] { link([Self.signals + number * 0x100 + 8]) }
    link([Self.signals + 0x108, Self.listed + 40, Self.thread + 40])
    // The tree: a node with a node with the number of the process that is in no list.
    write(Self.numbers + 2, at: Self.variables + 16)
    write(2, at: Self.numbers + 40)
    write(Self.numbers + 0x100 + 2, at: Self.numbers + 8)
    write(Self.numbers + 0x200, at: Self.numbers + 0x110)
    write(6, at: Self.numbers + 0x118)  // an entry of the tree's own
    write(Self.unlinked + 64, at: Self.numbers + 0x208)
    test.add("init_task", KernelAddress(Self.first), "D")
    test.add("init_pid_ns", KernelAddress(Self.variables), "D")
  }

  private func link(_ nodes: [UInt64]) {
    for (index, node) in nodes.enumerated() {
      write(nodes[(index + 1) % nodes.count], at: node)
      write(nodes[(index + nodes.count - 1) % nodes.count], at: node + 8)
    }
  }

  private func writeProcessors() {
    let table = Self.variables + 0x100
    test.memory.map(MemoryRegion(start: KernelAddress(Self.processors), byteCount: 0x2_0000))
    for number in 0..<2 as Range<UInt64> { write(Self.processors + number * 0x1_0000, at: table + number * 8) }
    test.memory.write(UInt32(2), at: KernelAddress(Self.variables + 0x80))
    test.add("nr_cpu_ids", KernelAddress(Self.variables + 0x80), "D")
    test.add("__per_cpu_offset", KernelAddress(table), "D")
    test.add("__per_cpu_start", KernelAddress(0), "A")
    test.add("__per_cpu_end", KernelAddress(0x2000), "A")
    test.add("current_task", KernelAddress(0x40), "A")
    test.add("idle_threads", KernelAddress(0x48), "A")
    write(Self.first, at: Self.processors + 0x40)
    write(Self.idle, at: Self.processors + 0x1_0048)
  }

  private func writeLog() {
    write(Self.log, at: Self.variables + 0x40)
    test.add("prb", KernelAddress(Self.variables + 0x40), "D")
    test.memory.map(MemoryRegion(start: KernelAddress(Self.log), byteCount: 0x1_0000))
    test.memory.write(UInt32(7), at: KernelAddress(Self.log))
    write(Self.log + 0x1000, at: Self.log + 8)
    write(Self.log + 0x2000, at: Self.log + 16)
    test.memory.write(UInt32(14), at: KernelAddress(Self.log + 24))
    write(Self.log + 0x8000, at: Self.log + 32)
  }
}
