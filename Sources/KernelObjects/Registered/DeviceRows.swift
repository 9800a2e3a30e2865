/// What is registered to be called for devices, terminals, consoles, clocks and interrupts.
extension RegisteredRow {
  static let devices: [RegisteredRow] = [
    // fs/char_dev.c: struct char_device_struct; drivers/base/map.c: struct kobj_map.
    RegisteredRow(
      "character devices",
      [
        .pointers("chrdevs", to: "char_device_struct", count: .atMost(255)), .chain(next: "next"),
        .pointer("cdev", to: "cdev"),
      ]),
    RegisteredRow(
      "character devices",
      [
        .pointers("cdev_map", to: "kobj_map"), .pointer("probes", to: "probe"), .chain(next: "next"),
        .pointer("data", to: "cdev"),
      ]),
    RegisteredRow(
      "miscellaneous devices", [.variable("misc_list", of: "list_head"), .list("", of: "miscdevice", by: "list")],
      label: .text("name")),
    // block/genhd.c: struct blk_major_name.
    RegisteredRow(
      "block devices", [.pointers("major_names", to: "blk_major_name", count: .atMost(255)), .chain(next: "next")],
      label: .text("name")),
    // drivers/tty/tty_ldisc.c, tty_io.c, sysrq.c.
    RegisteredRow(
      "line disciplines", [.pointers("tty_ldiscs", to: "tty_ldisc_ops", count: .atMost(31))], label: .text("name")),
    RegisteredRow(
      "terminal drivers",
      [.variable("tty_drivers", of: "list_head"), .list("", of: "tty_driver", by: "tty_drivers")], label: .text("name")),
    RegisteredRow(
      "terminals",
      [
        .variable("tty_drivers", of: "list_head"), .list("", of: "tty_driver", by: "tty_drivers"),
        .vector("ttys", count: "num", to: "tty_struct"),
      ], label: .text("name")),
    RegisteredRow(
      "terminals' line disciplines",
      [
        .variable("tty_drivers", of: "list_head"), .list("", of: "tty_driver", by: "tty_drivers"),
        .vector("ttys", count: "num", to: "tty_struct"), .pointer("ldisc", to: "tty_ldisc"),
      ]),
    RegisteredRow("magic keys", [.pointers("sysrq_key_table", to: "sysrq_key_op", count: .atMost(62))]),
    // kernel/printk/printk.c: a list since v6.2.
    RegisteredRow(
      "consoles", [.pointers("console_drivers", to: "console"), .chain(next: "next")], label: .text("name")),
    RegisteredRow(
      "consoles", [.variable("console_list", of: "hlist_head"), .hlist("", of: "console", by: "node")],
      label: .text("name")),
    // drivers/input/input.c.
    RegisteredRow(
      "input handlers",
      [.variable("input_handler_list", of: "list_head"), .list("", of: "input_handler", by: "node")],
      label: .text("name")),
    RegisteredRow(
      "input devices", [.variable("input_dev_list", of: "list_head"), .list("", of: "input_dev", by: "node")],
      label: .text("name")),
    // kernel/irq/irqdesc.c: a radix tree before v6.5.
    RegisteredRow("interrupts", [.variable("irq_desc_tree", of: "xarray"), .xArray("", of: "irq_desc")]),
    RegisteredRow("interrupts", [.variable("sparse_irqs", of: "maple_tree"), .mapleTree("", of: "irq_desc")]),
    RegisteredRow(
      "interrupt handlers",
      [
        .variable("irq_desc_tree", of: "xarray"), .xArray("", of: "irq_desc"), .pointer("action", to: "irqaction"),
        .chain(next: "next"),
      ], label: .text("name")),
    RegisteredRow(
      "interrupt handlers",
      [
        .variable("sparse_irqs", of: "maple_tree"), .mapleTree("", of: "irq_desc"),
        .pointer("action", to: "irqaction"), .chain(next: "next"),
      ], label: .text("name")),
    // kernel/time/clocksource.c, clockevents.c.
    RegisteredRow(
      "clock sources",
      [.variable("clocksource_list", of: "list_head"), .list("", of: "clocksource", by: "list")], label: .text("name")),
    RegisteredRow(
      "clock events",
      [.variable("clockevent_devices", of: "list_head"), .list("", of: "clock_event_device", by: "list")],
      label: .text("name")),
    // drivers/base/syscore.c: struct syscore in v7.2.
    RegisteredRow(
      "suspend and shutdown",
      [.variable("syscore_ops_list", of: "list_head"), .list("", of: "syscore_ops", by: "node")]),
    RegisteredRow(
      "suspend and shutdown", [.variable("syscore_list", of: "list_head"), .list("", of: "syscore", by: "node")]),
    RegisteredRow("how to power off", [.words("pm_power_off")], reads: .word),
    // kernel/events/core.c.
    RegisteredRow(
      "performance counters", [.variable("pmu_idr", of: "idr"), .idr("", of: "pmu")], label: .text("name")),
  ]
}
