/// What kernels print when they are in trouble.
package enum SampleOops {
  /// The stack protector stopped a function that nobody owns: a panic of Debian's 6.1, as its serial console had it.
  package static let stackProtector = """
    [   11.523017] Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: 0xffffffffc0331074
    [   11.523817] CPU: 1 PID: 406 Comm: dd Tainted: G           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2
    [   11.524301] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
    [   11.524851] Call Trace:
    [   11.525313]  <TASK>
    [   11.525601]  dump_stack_lvl+0x44/0x5c
    [   11.525931]  panic+0x118/0x2f4
    [   11.526201]  ? hack_read+0x74/0x80 [hooked]
    [   11.526501]  __stack_chk_fail+0x10/0x10
    [   11.526800]  0xffffffffc0331074
    [   11.527001]  </TASK>
    [   11.529367] Kernel Offset: 0x1e000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)
    [   11.529367] ---[ end Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: 0xffffffffc0331074 ]---

    """

  /// A call to memory that is mapped no more, which the kernel died of, with caller ids and levels.
  package static let fetch = """
    <6>[  100.000000][    T1] systemd[1]: Started something.
    <1>[  120.031250][ T4711] BUG: unable to handle page fault for address: ffffffffc0331000
    <1>[  120.031300][ T4711] #PF: supervisor instruction fetch in kernel mode
    <1>[  120.031350][ T4711] #PF: error_code(0x0010) - not-present page
    <6>[  120.031400][ T4711] PGD 2e15067 P4D 2e15067 PUD 2e17067 PMD 100d3f067 PTE 0
    <4>[  120.031450][ T4711] Oops: 0010 [#1] PREEMPT SMP NOPTI
    <4>[  120.031500][ T4711] CPU: 3 PID: 4711 Comm: kworker u8:1 x Kdump: loaded Tainted: P        W  OE      5.10.0-46-amd64 #1 Debian 5.10.262-1
    <4>[  120.031550][ T4711] Hardware name: Dell Inc. PowerEdge R640/0H28RR, BIOS 2.10.2 02/24/2021
    <4>[  120.031600][ T4711] RIP: 0010:0xffffffffc0331000
    <4>[  120.031650][ T4711] Code: Unable to access opcode bytes at RIP 0xffffffffc0330fd6.
    <4>[  120.031700][ T4711] RSP: 0018:ffffb10b40473ef0 EFLAGS: 00010246
    <4>[  120.031750][ T4711] RAX: ffffffffc0331000 RBX: ffffb10b40473f58 RCX: 0000000000000000
    <4>[  120.031800][ T4711] RDX: 0000000000001092 RSI: 00007fc99b93e000 RDI: 0000000000000000
    <4>[  120.031850][ T4711] RBP: 0000000000000000 R08: 0000000000000000 R09: 0000000000000000
    <4>[  120.031900][ T4711] FS:  00007fc99b9b1740(0000) GS:ffff9d1a7bd80000(0000) knlGS:0000000000000000
    <4>[  120.031950][ T4711] CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
    <4>[  120.032000][ T4711] CR2: ffffffffc0330fd6 CR3: 0000000102d3e000 CR4: 00000000007706e0
    <4>[  120.032050][ T4711] Call Trace:
    <4>[  120.032100][ T4711]  <IRQ>
    <4>[  120.032150][ T4711]  ? __die+0x20/0x70
    <4>[  120.032200][ T4711]  </IRQ>
    <4>[  120.032250][ T4711]  do_syscall_64+0x33/0x80
    <4>[  120.032300][ T4711]  entry_SYSCALL_64_after_hwframe+0x67/0xd1
    <4>[  120.032350][ T4711] RIP: 0033:0x47b6fd
    <4>[  120.032400][ T4711] Code: 31 c0 0f 05 <48> 3d 00 f0
    <4>[  120.032450][ T4711] RSP: 002b:00007fff0a709728 EFLAGS: 00000246 ORIG_RAX: 0000000000000000
    <4>[  120.032500][ T4711] RAX: ffffffffffffffda RBX: 0000000000001092 RCX: 000000000047b6fd
    <4>[  120.032550][ T4711] Modules linked in: tun veth(+) nvidia(POE) loop
    <4>[  120.032560][ T4711]  dummy ext4 [last unloaded: hooked(OE)]
    <4>[  120.032600][ T4711] CR2: ffffffffc0331000
    <4>[  120.032650][ T4711] ---[ end trace 8cb5c3d0ee0d4f26 ]---
    <4>[  120.032700][ T4711] RIP: 0010:0xffffffffc0331000
    <0>[  120.032750][ T4711] Kernel panic - not syncing: Fatal exception
    <0>[  120.032800][ T4711] Kernel Offset: disabled
    <0>[  120.032850][ T4711] ---[ end Kernel panic - not syncing: Fatal exception ]---

    """

  /// A page table that is not canonical, as Linux v7.2 words it, without times, and a warning before it.
  package static let newer = """
    WARNING: drivers/net/veth.c:123 at veth_xmit+0x10/0x200 [veth], CPU#2: ip/812
    Modules linked in: veth
    CPU: 2 UID: 0 PID: 812 Comm: ip Not tainted 7.2.13+deb14-amd64 #1 PREEMPT(lazy)  Debian 7.2.13-1
    RIP: 0010:veth_xmit+0x10/0x200 [veth]
    ---[ end trace 0000000000000000 ]---
    Oops: general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] SMP NOPTI
    CPU: 0 UID: 1000 PID: 999 Comm: cat Tainted: G        W           7.2.13+deb14-amd64 #1 PREEMPT(lazy)  Debian 7.2.13-1
    Tainted: [W]=WARN
    RIP: 0010:vfs_read+0x2f/0x330
    Code: 0f 1f 44 00 00 <48> 8b 47 28
    RSP: 0018:ffffb10b40473ef0 EFLAGS: 00010246
    RAX: dead000000000122 RBX: ffffb10b40473f58 RCX: 0000000000000000

    """
}
