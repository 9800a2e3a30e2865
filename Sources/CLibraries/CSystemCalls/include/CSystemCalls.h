// System calls that the C library does not offer, or offers only through code that somebody may have replaced: the
// kernel is asked directly, through syscall(2).
//
// Each function returns what the kernel gave, or the negative error number. None of them follows a pointer that came
// from the kernel, except into the rings that it mapped for us.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Reads at `offset`, each in its own way. Those that use the file's position leave it where the read left it, and
// store that in `position`.
long sys_pread(int file, void *buffer, size_t count, uint64_t offset);
long sys_preadv(int file, void *buffer, size_t count, uint64_t offset);
long sys_preadv2(int file, void *buffer, size_t count, uint64_t offset);
long sys_read_at(int file, void *buffer, size_t count, uint64_t offset, int64_t *position);
long sys_readv_at(int file, void *buffer, size_t count, uint64_t offset, int64_t *position);

// Moves bytes of the file into a pipe, and from there into `buffer`; `count` must fit into the pipe.
long sys_splice_read(int file, const int pipe[2], void *buffer, size_t count, uint64_t offset);

// Has the kernel copy bytes of the file into `copy`, an empty file in memory, and reads them there.
long sys_sendfile_read(int file, int copy, void *buffer, size_t count, uint64_t offset);

// Asynchronous input (io_setup and its kin). A read waits for its end.
long sys_aio_open(uint64_t *context);
long sys_aio_read(uint64_t context, int file, void *buffer, size_t count, uint64_t offset);
void sys_aio_close(uint64_t context);

// An io_uring with room for one read, which waits for its end (IORING_OP_READ, since Linux v5.6).
struct sys_ring {
  int file, has_array;
  uint32_t submissions_size, completions_size, entries_size;
  // The offsets of what is used in the rings.
  uint32_t tail, mask, array, completed_head, completed_tail, completed_mask, completed;
  uint8_t *submissions, *completions;
  void *entries;
};
long sys_ring_open(struct sys_ring *ring);
long sys_ring_read(struct sys_ring *ring, int file, void *buffer, size_t count, uint64_t offset);
void sys_ring_close(struct sys_ring *ring);

// A file in memory that goes with its last descriptor; closed on exec. `executable` says whether it will be run.
long sys_memfd(const char *name, int executable);

// A pipe whose ends are closed on exec.
long sys_pipe(int ends[2]);

// Gives this process another name, of which the kernel keeps 15 bytes.
long sys_set_name(const char *name);

// Sends bytes that are too many for a datagram through a connected socket: as a file in memory that nobody can change
// any more. journald knows such files by exactly these four seals.
long sys_send_sealed(int socket, const void *data, size_t count);

// Records of a directory, as the kernel lays them out.
long sys_getdents64(int directory, void *buffer, size_t count);

// The number that follows `after` among the kernel's BPF objects of a kind: 0 programs, 1 maps, 2 links, 3 type information.
// -ENOENT where there is none.
long sys_bpf_next(int kind, uint32_t after, uint32_t *next);

// Whether pidfd_open knows a process of that number: 0, or the error it gives.
long sys_pidfd_probe(int number);

// The numbers of the kernel's security modules (LSM_ID_*), and how many there are; -E2BIG where there is no room for them.
long sys_security_modules(uint64_t *numbers, uint32_t byte_count);

// How many netfilter hooks of a family (NFPROTO_*) and a hook (NF_INET_*) the kernel tells of in this program's network.
//
// -EINVAL where the family has no such hook, -EOPNOTSUPP where the kernel tells of none. A kernel that has a module for it, and
// not loaded it, loads it.
long sys_netfilter_hooks(uint8_t family, uint32_t hook);
