import Lab

/// Commands that attach the lab's BPF programs in a guest (`Tests/Lab/fixtures/bpf`), and take them off again.
enum BpfPrograms {
  /// Attaches programs, each by a loader that stays.
  ///
  /// - Parameter programs: what the fixture is called with, for each.
  static func attach(_ programs: [String]) -> String {
    let loaders = programs.map { "/fixtures/bpf \($0) >>/tmp/bpf.said 2>&1 & echo $! >>/tmp/bpf.loaders" }
    return """
      : >/tmp/bpf.said
      \(loaders.joined(separator: "\n"))
      i=0
      until [ $(grep -c ^attached /tmp/bpf.said) = \(programs.count) ]; do
        i=$((i + 1))
        [ $i -lt 200 ] && ! grep -qv ^attached /tmp/bpf.said || { cat /tmp/bpf.said >&2; exit 1; }
        sleep 0.1
      done
      """
  }

  /// Ends the loaders, and with them what they attached.
  static let detach = "kill $(cat /tmp/bpf.loaders) && rm /tmp/bpf.loaders"

  /// Prints the programs that `bpf(2)` tells of.
  static let list = "/fixtures/bpf list"

  /// Attaches a program by a link that a file holds, and leaves no loader.
  static func pin(_ program: String) -> String {
    """
    mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
    /fixtures/bpf \(program) --pin /sys/fs/bpf/lab
    """
  }

  /// Removes that file, and with it the link.
  static let unpin = "rm /sys/fs/bpf/lab"

  /// A folder of cgroup2, with nothing in it; the command that makes it.
  static let cgroup = "/cgroup/lab"
  static let makeCgroup = """
    mkdir -p /cgroup; mountpoint -q /cgroup || mount -t cgroup2 cgroup2 /cgroup; mkdir -p \(cgroup)
    """
}
