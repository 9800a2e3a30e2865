internal import KernelFormats

/// What the objects in a slab cache are.
///
/// `KMEM_CACHE(task_struct, flags)` calls a cache as its structure is called (include/linux/slab.h, Linux v5.10 to v7.2); others have a name
/// of their own, mostly with the structure's in it.
enum SlabTypes {
  /// Caches and structures whose names have nothing in common: where the cache is made, in fs/, net/, kernel/, block/ and security/ (Linux
  /// v5.10 to v7.2).
  private static let others: [Substring: String] = {
    let pairs = """
      filp=file sock_inode_cache=socket_alloc file_lock_cache=file_lock file_lease_cache=file_lease key_jar=key \
      bdev_cache=bdev_inode skbuff_head_cache=sk_buff skbuff_fclone_cache=sk_buff_fclones dax_cache=dax_device \
      net_namespace=net mnt_cache=mount posix_timers_cache=k_itimer eventpoll_epi=epitem eventpoll_pwq=eppoll_entry \
      blkdev_ioc=io_context inotify_inode_mark=inotify_inode_mark ip_dst_cache=rtable ip6_dst_cache=rt6_info \
      xfrm_dst_cache=xfrm_dst PING=inet_sock RAW=raw_sock UDP=udp_sock UDP-Lite=udp_sock TCP=tcp_sock \
      PINGv6=raw6_sock RAWv6=raw6_sock UDPv6=udp6_sock UDPLITEv6=udp6_sock TCPv6=tcp6_sock UNIX=unix_sock \
      UNIX-STREAM=unix_sock NETLINK=netlink_sock PACKET=packet_sock request_sock_TCP=tcp_request_sock \
      request_sock_TCPv6=tcp6_request_sock tw_sock_TCP=tcp_timewait_sock tw_sock_TCPv6=tcp6_timewait_sock
      """
    var known: [Substring: String] = [:]
    for pair in pairs.split(whereSeparator: \.isWhitespace) {
      let names = pair.split(separator: "=", maxSplits: 1)
      if names.count == 2 { known[names[0]] = String(names[1]) }
    }
    return known
  }()

  /// The structure that a cache's name stands for: of several, one that is as large as its objects; nil if there is none.
  static func type(ofObjectsIn cache: String, byteCount: Int, _ types: KernelTypes) -> KernelType? {
    var names = others[cache[...]].map { [$0] } ?? []
    names.append(cache)
    for ending in ["_cache", "_cachep", "_jar"] where cache.hasSuffix(ending) {
      let stem = String(cache.dropLast(ending.count))
      names += [stem, stem + "_struct", stem + "_info"]
    }
    var found: KernelType?
    for name in names {
      guard let type = types.typeIfAny(name), type.layout.byteCount > 0 else { continue }
      if type.layout.byteCount == byteCount { return type }
      found = found ?? type
    }
    return found
  }
}
