#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

// What headers before Linux v6.3 do not define (include/uapi/linux/memfd.h).
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#endif
#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 16U
#endif

// Since Linux v6.8 (include/uapi/asm-generic/unistd.h).
#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461
#endif

static long answer(long result) { return result < 0 ? -errno : result; }

// The halves of an offset, as preadv takes them.
static unsigned long low(uint64_t offset) { return (unsigned long)offset; }
static unsigned long high(uint64_t offset) { return sizeof(long) == 8 ? 0 : (unsigned long)(offset >> 32); }

long sys_pread(int file, void *buffer, size_t count, uint64_t offset) {
  return answer(syscall(SYS_pread64, file, buffer, count, offset));
}

long sys_preadv(int file, void *buffer, size_t count, uint64_t offset) {
  struct iovec piece = {buffer, count};
  return answer(syscall(SYS_preadv, file, &piece, 1, low(offset), high(offset)));
}

long sys_preadv2(int file, void *buffer, size_t count, uint64_t offset) {
  struct iovec piece = {buffer, count};
  return answer(syscall(SYS_preadv2, file, &piece, 1, low(offset), high(offset), 0));
}

long sys_read_at(int file, void *buffer, size_t count, uint64_t offset, int64_t *position) {
  long there = answer(syscall(SYS_lseek, file, offset, SEEK_SET));
  if (there < 0) return there;
  long result = answer(syscall(SYS_read, file, buffer, count));
  *position = answer(syscall(SYS_lseek, file, 0, SEEK_CUR));
  return result;
}

long sys_readv_at(int file, void *buffer, size_t count, uint64_t offset, int64_t *position) {
  struct iovec piece = {buffer, count};
  long there = answer(syscall(SYS_lseek, file, offset, SEEK_SET));
  if (there < 0) return there;
  long result = answer(syscall(SYS_readv, file, &piece, 1));
  *position = answer(syscall(SYS_lseek, file, 0, SEEK_CUR));
  return result;
}

long sys_splice_read(int file, const int pipe[2], void *buffer, size_t count, uint64_t offset) {
  long total = 0;
  while ((size_t)total < count) {
    int64_t position = (int64_t)offset + total;
    long moved = answer(syscall(SYS_splice, file, &position, pipe[1], NULL, count - (size_t)total, 0));
    if (moved < 0) return total > 0 ? total : moved;
    if (moved == 0) break;
    // Emptied at once: a read that stopped short would leave bytes for the next one.
    for (long taken = 0; taken < moved;) {
      long came = answer(syscall(SYS_read, pipe[0], (char *)buffer + total + taken, (size_t)(moved - taken)));
      if (came <= 0) return came < 0 ? came : -EIO;
      taken += came;
    }
    total += moved;
  }
  return total;
}

long sys_sendfile_read(int file, int copy, void *buffer, size_t count, uint64_t offset) {
  long emptied = answer(syscall(SYS_ftruncate, copy, 0L));
  if (emptied < 0) return emptied;
  long start = answer(syscall(SYS_lseek, copy, 0L, SEEK_SET));
  if (start < 0) return start;
  long total = 0;
  while ((size_t)total < count) {
    int64_t position = (int64_t)offset + total;
    long moved = answer(syscall(SYS_sendfile, copy, file, &position, count - (size_t)total));
    if (moved < 0) return total > 0 ? total : moved;
    if (moved == 0) break;
    total += moved;
  }
  if (total == 0) return 0;
  return sys_pread(copy, buffer, (size_t)total, 0);
}

long sys_aio_open(uint64_t *context) {
  aio_context_t made = 0;
  long result = answer(syscall(SYS_io_setup, 1, &made));
  *context = made;
  return result;
}

long sys_aio_read(uint64_t context, int file, void *buffer, size_t count, uint64_t offset) {
  struct iocb request = {
      .aio_lio_opcode = IOCB_CMD_PREAD,
      .aio_fildes = (uint32_t)file,
      .aio_buf = (uint64_t)(uintptr_t)buffer,
      .aio_nbytes = count,
      .aio_offset = (int64_t)offset,
  };
  struct iocb *requests[] = {&request};
  long submitted = answer(syscall(SYS_io_submit, context, 1, requests));
  if (submitted < 0) return submitted;
  if (submitted != 1) return -EIO;
  struct io_event event;
  memset(&event, 0, sizeof event);
  long ended;
  // Waits: what is under way writes into the caller's buffer.
  do { ended = answer(syscall(SYS_io_getevents, context, 1, 1, &event, NULL)); } while (ended == -EINTR);
  if (ended < 0) return ended;
  return ended == 1 ? (long)event.res : -EIO;
}

void sys_aio_close(uint64_t context) { (void)syscall(SYS_io_destroy, context); }

static uint32_t *word(uint8_t *ring, uint32_t offset) { return (uint32_t *)(void *)(ring + offset); }

// Submissions without an array of their numbers: include/uapi/linux/io_uring.h (Linux v6.6), IORING_SETUP_NO_SQARRAY.
static const uint32_t without_array = 1U << 16;

long sys_ring_open(struct sys_ring *ring) {
  memset(ring, 0, sizeof *ring);
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  // A ring with the array makes later kernels patch their own code, and again when it is gone: io_key_has_sqarray,
  // io_uring/io_uring.c (Linux v7.2). Earlier ones know no ring without.
  parameters.flags = without_array;
  long file = answer(syscall(SYS_io_uring_setup, 1, &parameters));
  if (file == -EINVAL) {
    memset(&parameters, 0, sizeof parameters);
    file = answer(syscall(SYS_io_uring_setup, 1, &parameters));
  }
  if (file < 0) return file;
  ring->file = (int)file;
  ring->has_array = !(parameters.flags & without_array);
  ring->completions_size = parameters.cq_off.cqes + parameters.cq_entries * (uint32_t)sizeof(struct io_uring_cqe);
  // Both are in one piece of memory, of which the array is the end.
  ring->submissions_size = ring->has_array
      ? parameters.sq_off.array + parameters.sq_entries * (uint32_t)sizeof(uint32_t) : ring->completions_size;
  ring->entries_size = parameters.sq_entries * (uint32_t)sizeof(struct io_uring_sqe);
  const int protection = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
  void *submissions = mmap(NULL, ring->submissions_size, protection, flags, (int)file, IORING_OFF_SQ_RING);
  void *completions = mmap(NULL, ring->completions_size, protection, flags, (int)file, IORING_OFF_CQ_RING);
  void *entries = mmap(NULL, ring->entries_size, protection, flags, (int)file, IORING_OFF_SQES);
  long error = submissions == MAP_FAILED || completions == MAP_FAILED || entries == MAP_FAILED ? -errno : 0;
  ring->submissions = submissions == MAP_FAILED ? NULL : submissions;
  ring->completions = completions == MAP_FAILED ? NULL : completions;
  ring->entries = entries == MAP_FAILED ? NULL : entries;
  if (error < 0) {
    sys_ring_close(ring);
    return error;
  }
  ring->tail = parameters.sq_off.tail;
  ring->mask = parameters.sq_off.ring_mask;
  ring->array = parameters.sq_off.array;
  ring->completed_head = parameters.cq_off.head;
  ring->completed_tail = parameters.cq_off.tail;
  ring->completed_mask = parameters.cq_off.ring_mask;
  ring->completed = parameters.cq_off.cqes;
  return 0;
}

long sys_ring_read(struct sys_ring *ring, int file, void *buffer, size_t count, uint64_t offset) {
  uint32_t tail = *word(ring->submissions, ring->tail);
  uint32_t slot = tail & *word(ring->submissions, ring->mask);
  struct io_uring_sqe *entry = (struct io_uring_sqe *)ring->entries + slot;
  memset(entry, 0, sizeof *entry);
  entry->opcode = IORING_OP_READ;
  entry->fd = file;
  entry->addr = (uint64_t)(uintptr_t)buffer;
  entry->len = (uint32_t)count;
  entry->off = offset;
  if (ring->has_array) word(ring->submissions, ring->array)[slot] = slot;
  __atomic_store_n(word(ring->submissions, ring->tail), tail + 1, __ATOMIC_RELEASE);

  long submitted = answer(syscall(SYS_io_uring_enter, ring->file, 1, 0, 0, NULL, 0));
  if (submitted < 0) return submitted;
  if (submitted != 1) return -EIO;
  uint32_t head = *word(ring->completions, ring->completed_head);
  while (__atomic_load_n(word(ring->completions, ring->completed_tail), __ATOMIC_ACQUIRE) == head) {
    long waited = answer(syscall(SYS_io_uring_enter, ring->file, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
    if (waited < 0 && waited != -EINTR) return waited;
  }
  const struct io_uring_cqe *done = (const struct io_uring_cqe *)(void *)(ring->completions + ring->completed) +
                                    (head & *word(ring->completions, ring->completed_mask));
  long result = done->res;
  __atomic_store_n(word(ring->completions, ring->completed_head), head + 1, __ATOMIC_RELEASE);
  return result;
}

void sys_ring_close(struct sys_ring *ring) {
  if (ring->submissions != NULL) munmap(ring->submissions, ring->submissions_size);
  if (ring->completions != NULL) munmap(ring->completions, ring->completions_size);
  if (ring->entries != NULL) munmap(ring->entries, ring->entries_size);
  if (ring->file > 0) (void)syscall(SYS_close, ring->file);
  memset(ring, 0, sizeof *ring);
}

long sys_memfd(const char *name, int executable) {
  // Said outright since Linux kernel commit 105ff5339f49 ("mm/memfd: add MFD_NOEXEC_SEAL and MFD_EXEC") (in v6.3), or
  // the kernel writes a warning to its log; older kernels do not know the flags.
  long file = answer(syscall(SYS_memfd_create, name, MFD_CLOEXEC | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL)));
  return file == -EINVAL ? answer(syscall(SYS_memfd_create, name, MFD_CLOEXEC)) : file;
}

// Writes all of the bytes into the file, and seals it.
static long fill_and_seal(int file, const uint8_t *data, size_t count) {
  while (count > 0) {
    long came = answer(syscall(SYS_write, file, data, count));
    if (came == -EINTR) continue;
    if (came <= 0) return came < 0 ? came : -EIO;
    data += came;
    count -= (size_t)came;
  }
  return answer(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
}

long sys_send_sealed(int socket, const void *data, size_t count) {
  // MFD_EXEC although nothing is run: MFD_NOEXEC_SEAL would add a seal of its own, and journald before systemd v254 takes
  // only files with no seal but the four (memfd_get_sealed in src/basic/memfd-util.c).
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  long file = answer(syscall(SYS_memfd_create, "liveprobe-journal", flags | MFD_EXEC));
  if (file < 0) file = answer(syscall(SYS_memfd_create, "liveprobe-journal", flags));
  if (file < 0) return file;

  long result = fill_and_seal((int)file, data, count);
  if (result >= 0) {
    union {
      struct cmsghdr header;
      char room[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    int descriptor = (int)file;
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    do result = answer(syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL));
    while (result == -EINTR);
  }
  (void)syscall(SYS_close, (int)file);
  return result < 0 ? result : 0;
}

long sys_pipe(int ends[2]) { return answer(syscall(SYS_pipe2, ends, O_CLOEXEC)); }

long sys_set_name(const char *name) { return answer(syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0)); }

long sys_getdents64(int directory, void *buffer, size_t count) {
  return answer(syscall(SYS_getdents64, directory, buffer, count));
}

long sys_bpf_next(int kind, uint32_t after, uint32_t *next) {
  static const int commands[] = {BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID, BPF_LINK_GET_NEXT_ID, BPF_BTF_GET_NEXT_ID};
  if (kind < 0 || kind >= (int)(sizeof commands / sizeof *commands)) return -EINVAL;
  union bpf_attr question;
  memset(&question, 0, sizeof question);
  question.start_id = after;
  // What a kernel does not know of the question must be zeros, and is: bpf_check_uarg_tail_zero().
  long result = answer(syscall(SYS_bpf, commands[kind], &question, sizeof question));
  *next = question.next_id;
  return result;
}

long sys_pidfd_probe(int number) {
  long file = answer(syscall(SYS_pidfd_open, number, 0));
  if (file < 0) return file;
  close((int)file);
  return 0;
}

long sys_security_modules(uint64_t *numbers, uint32_t byte_count) {
  return answer(syscall(SYS_lsm_list_modules, numbers, &byte_count, 0));
}

// include/uapi/linux/netfilter/nfnetlink_hook.h, since Linux v5.14.
enum { subsystem_of_hooks = 12, hook_get = 0, hook_number = 1 };

// Counts the hooks in what came. Returns 1 behind the last one, 0 if more follows.
static long count_hooks(const uint8_t *bytes, size_t count, long *hooks) {
  while (count >= sizeof(struct nlmsghdr)) {
    struct nlmsghdr header;
    memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > count) return -EBADMSG;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      int32_t error = 0;
      if (header.nlmsg_len >= sizeof header + sizeof error) memcpy(&error, bytes + sizeof header, sizeof error);
      return error < 0 ? error : 1;
    }
    if (header.nlmsg_flags & NLM_F_DUMP_INTR) return -EINTR;
    if (header.nlmsg_type == (subsystem_of_hooks << 8 | hook_get)) ++*hooks;
    size_t length = NLMSG_ALIGN(header.nlmsg_len);
    if (length >= count) break;
    bytes += length;
    count -= length;
  }
  return 0;
}

long sys_netfilter_hooks(uint8_t family, uint32_t hook) {
  struct {
    struct nlmsghdr header;
    struct nfgenmsg message;
    struct nlattr attribute;
    uint32_t hook;
  } question = {
      .header = {.nlmsg_len = sizeof question,
                 .nlmsg_type = subsystem_of_hooks << 8 | hook_get,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
      .message = {.nfgen_family = family, .version = NFNETLINK_V0},
      .attribute = {.nla_len = NLA_HDRLEN + sizeof(uint32_t), .nla_type = hook_number},
      .hook = htonl(hook),
  };
  long file = answer(syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (file < 0) return file;
  struct timeval patience = {.tv_sec = 2};
  long result = answer(setsockopt((int)file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  if (result >= 0) result = answer(send((int)file, &question, sizeof question, 0));
  long hooks = 0;
  // No kernel has as many that more datagrams were needed.
  for (int rounds = 0; result >= 0; ++rounds) {
    uint8_t bytes[16384];
    if (rounds == 1024) {
      result = -EMSGSIZE;
      break;
    }
    long came = answer(recv((int)file, bytes, sizeof bytes, 0));
    if (came <= 0) {
      result = came < 0 ? came : -EIO;
      break;
    }
    result = count_hooks(bytes, (size_t)came, &hooks);
    if (result == 1) break;
  }
  close((int)file);
  return result < 0 ? result : hooks;
}
