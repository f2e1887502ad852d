/* SPDX-License-Identifier: MIT */
/*
 * The filter is a program of the kernel's old BPF, made here rule by rule: each begins with the number of the call that it is
 * about in the accumulator, and leaves it there where it does not decide.
 */
#include <config.h>

#include "tools/driver-host/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/driver/metadata.h"
#include "tools/driver-host/sandbox.h"

#if defined __x86_64__ && !defined __ILP32__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined __aarch64__ && defined __AARCH64EL__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define X32 0x40000000U /* calls of x86-64 with pointers of 32 bits */
#define NAMESPACES \
  (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x80U /* TIME */)

/* Numbers that are the same everywhere, and that headers may be too old to know. */
#define PIDFD_SEND_SIGNAL 424
#define IO_URING_SETUP 425
#define IO_URING_ENTER 426
#define IO_URING_REGISTER 427
#define OPEN_TREE 428
#define MOVE_MOUNT 429
#define FSOPEN 430
#define FSCONFIG 431
#define FSMOUNT 432
#define FSPICK 433
#define CLONE3 435
#define PIDFD_GETFD 438
#define PROCESS_MADVISE 440
#define MOUNT_SETATTR 442
#define PROCESS_MRELEASE 448
#define FCHMODAT2 452
#define SETXATTRAT 463
#define REMOVEXATTRAT 466
#define OPEN_TREE_ATTR 467
#define FILE_SETATTR 469
#define ENABLE_VERITY 0x40806685U /* an ioctl */
#define IOPRIO_WHO_PROCESS 1

#ifdef ARCHITECTURE

/* Never: other processes and what they share, the system, who one is, and what landlock does not know: modes, owners and
 * attributes of files, for which it is enough that they may be read, their times by name, and io_uring, whose work no filter
 * sees. */
static const unsigned never[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, PIDFD_GETFD, PROCESS_MADVISE, PROCESS_MRELEASE,
    SYS_perf_event_open, SYS_userfaultfd, SYS_bpf,
    SYS_mq_open, SYS_mq_unlink,
#ifdef SYS_semop
    SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semctl, SYS_semop, SYS_semtimedop, SYS_msgget, SYS_msgsnd, SYS_msgrcv,
    SYS_msgctl,
#endif
    IO_URING_SETUP, IO_URING_ENTER, IO_URING_REGISTER,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, OPEN_TREE, OPEN_TREE_ATTR, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, FSPICK,
    MOUNT_SETATTR, SYS_open_by_handle_at, SYS_fanotify_init, SYS_quotactl, SYS_swapon, SYS_swapoff,
    SYS_keyctl, SYS_add_key, SYS_request_key,
    SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_acct, SYS_syslog, SYS_vhangup,
    SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid, SYS_setfsgid,
    SYS_unshare, SYS_setns, SYS_personality,
    SYS_fchmod, SYS_fchmodat, FCHMODAT2, SYS_fchown, SYS_fchownat, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr,
    SYS_lremovexattr, SYS_fremovexattr, SETXATTRAT, REMOVEXATTRAT, FILE_SETATTR,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_chmod
    SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib,
#endif
#ifdef __i386__
    SYS_setuid32, SYS_setgid32, SYS_setreuid32, SYS_setregid32, SYS_setresuid32, SYS_setresgid32, SYS_setgroups32,
    SYS_setfsuid32, SYS_setfsgid32, SYS_chown32, SYS_lchown32, SYS_fchown32, SYS_stime, SYS_umount, 404 /* clock_settime64 */,
    405 /* clock_adjtime64 */, SYS_vm86, SYS_vm86old, SYS_ipc, 393 /* semget; to 402, msgctl, and 420, semtimedop_time64 */, 394,
    395, 396, 397, 398, 399, 400, 401, 402, 420,
#endif
};

/* Which thread or process they are for is their first argument. */
static const unsigned signals_of[] = {SYS_kill, SYS_tgkill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
                                      PIDFD_SEND_SIGNAL};

struct program {
  struct sock_filter code[512];
  unsigned short length;
};

static void emit(struct program *program, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t operand) {
  if (program->length < sizeof program->code / sizeof program->code[0])
    program->code[program->length++] = (struct sock_filter){code, if_true, if_false, operand};
}

static void load(struct program *program, size_t offset) {
  emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void load_number(struct program *program) {
  load(program, offsetof(struct seccomp_data, nr));
}

/* The lower half: all machines here have the least byte first. */
static void load_argument(struct program *program, size_t index) {
  load(program, offsetof(struct seccomp_data, args) + index * 8);
}

static void answer(struct program *program, uint32_t with) {
  emit(program, BPF_RET | BPF_K, 0, 0, with);
}

static void refuse(struct program *program, int reason) {
  answer(program, SECCOMP_RET_ERRNO | (uint32_t)reason);
}

/* Where the accumulator has this number. */
static void refuse_call(struct program *program, unsigned number, int reason) {
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number);
  refuse(program, reason);
}

/* For the call with this number, what stands behind it until end_case, which has to decide. */
static unsigned short begin_case(struct program *program, unsigned number) {
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, number);
  return (unsigned short)(program->length - 1);
}

static void end_case(struct program *program, unsigned short begun) {
  answer(program, SECCOMP_RET_ALLOW);
  program->code[begun].jf = (uint8_t)(program->length - begun - 1);
}

/* Only the machine's own calls. */
static void begin(struct program *program) {
  load(program, offsetof(struct seccomp_data, arch));
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
  answer(program, SECCOMP_RET_KILL_PROCESS);
  load_number(program);
#ifdef __x86_64__
  emit(program, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32);
  answer(program, SECCOMP_RET_KILL_PROCESS);
#endif
}

/* Threads and processes, but in no namespace of their own, nor as children of Blockstore's process, which would not wait for
 * them.  What clone3 is told no filter sees: the C library then uses clone. */
static void write_clone(struct program *program) {
  unsigned short begun = begin_case(program, SYS_clone);

  load_argument(program, 0);
  emit(program, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES | CLONE_PARENT);
  refuse(program, EPERM);
  end_case(program, begun);
  refuse_call(program, CLONE3, ENOSYS);
}

/* By a descriptor (futimens) they may be set: that was opened. */
static void write_times(struct program *program, unsigned number) {
  unsigned short begun = begin_case(program, number);

  for (size_t half = 0; half < 2; half++) {
    load(program, offsetof(struct seccomp_data, args) + 8 + half * 4);
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
    refuse(program, EPERM);
  }
  end_case(program, begun);
}

/* Only what is asked of this process: the first argument is 0, or its number. */
static void write_own(struct program *program, unsigned number, bool zero_is_own) {
  unsigned short begun = begin_case(program, number);

  load_argument(program, 0);
  if (zero_is_own) emit(program, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 0);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)getpid());
  refuse(program, EPERM);
  end_case(program, begun);
}

/* The same of a call whose first argument says of what kind of thing the second is the number. */
static void write_own_of_kind(struct program *program, unsigned number, uint32_t process) {
  unsigned short begun = begin_case(program, number);

  load_argument(program, 0);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, process);
  load_argument(program, 1);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 0);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)getpid());
  refuse(program, EPERM);
  end_case(program, begun);
}

/* How much of the processors and disks others get. */
static void write_shares(struct program *program) {
  static const unsigned of_process[] = {SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr};

  for (size_t i = 0; i < sizeof of_process / sizeof of_process[0]; i++) write_own(program, of_process[i], true);
  write_own_of_kind(program, SYS_setpriority, PRIO_PROCESS);
  write_own_of_kind(program, SYS_ioprio_set, IOPRIO_WHO_PROCESS);
}

/* What the second argument may not be, of things that are done to a descriptor: nobody is made the one whom the kernel signals
 * when there is news of it, and attributes are changed for which it is enough that the file may be read. */
static void write_without(struct program *program, unsigned number, const uint32_t *values, size_t count) {
  unsigned short begun = begin_case(program, number);

  load_argument(program, 1);
  for (size_t i = 0; i < count; i++) refuse_call(program, values[i], EPERM);
  end_case(program, begun);
}

/* Of unix sockets pairs only: by names they lead to other programs of the user's. */
static void write_sockets(struct program *program, bool network) {
  unsigned short begun = begin_case(program, SYS_socket);

  load_argument(program, 0);
  if (network) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 4, 0, AF_INET);
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, AF_INET6);
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, AF_NETLINK); /* by which the C library asks what addresses there are */
    load_argument(program, 2);
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    answer(program, SECCOMP_RET_ALLOW);
  }
  refuse(program, EACCES);
  end_case(program, begun);
#ifdef SYS_socketcall
  begun = begin_case(program, SYS_socketcall);
  load_argument(program, 0);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, network ? 1 : 0, 1, 1 /* SYS_SOCKET */);
  refuse(program, EACCES);
  end_case(program, begun);
#endif
}

/* And no pairs of datagrams, which may send to other sockets by their names all the same. */
static void write_pairs(struct program *program) {
  unsigned short begun = begin_case(program, SYS_socketpair);

  load_argument(program, 1);
  emit(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf); /* without the flags */
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SOCK_STREAM);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SOCK_SEQPACKET);
  refuse(program, EACCES);
  end_case(program, begun);
}

static void write_all(struct program *program, unsigned needs, bool signals) {
  static const uint32_t fcntls[] = {F_SETOWN, F_SETOWN_EX};
  static const uint32_t ioctls[] = {FIOSETOWN, SIOCSPGRP, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, ENABLE_VERITY};

  begin(program);
  for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) refuse_call(program, never[i], EPERM);
  write_clone(program);
  write_times(program, SYS_utimensat);
#ifdef __i386__
  write_times(program, 412); /* utimensat_time64 */
#endif
  write_own(program, SYS_prlimit64, true);
  write_shares(program);
  write_without(program, SYS_fcntl, fcntls, sizeof fcntls / sizeof fcntls[0]);
  write_without(program, SYS_ioctl, ioctls, sizeof ioctls / sizeof ioctls[0]);
#ifdef SYS_fcntl64
  write_without(program, SYS_fcntl64, fcntls, sizeof fcntls / sizeof fcntls[0]);
#endif
  write_sockets(program, (needs & BS_NEEDS_NETWORK) != 0);
  write_pairs(program);
  for (size_t i = 0; i < sizeof signals_of / sizeof signals_of[0] && !signals; i++) write_own(program, signals_of[i], false);
  if ((needs & BS_NEEDS_PROGRAMS) == 0) {
    refuse_call(program, SYS_execve, EACCES);
    refuse_call(program, SYS_execveat, EACCES);
    refuse_call(program, SYS_setsid, EPERM); /* what it forks is killed with it, by its group */
    refuse_call(program, SYS_setpgid, EPERM);
  }
  answer(program, SECCOMP_RET_ALLOW);
}

bool seccomp_enforce(unsigned needs, bool signals, struct bs_error *error) {
  struct program program = {.length = 0};
  struct sock_fprog filter = {.filter = program.code};

  write_all(&program, needs, signals);
  filter.len = program.length;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) return true;
  return bs_fail_errno(error, "This kernel takes no filter of system calls (" SANDBOX_INSTEAD ")");
}

#else

bool seccomp_enforce(unsigned needs, bool signals, struct bs_error *error) {
  (void)needs, (void)signals;
  return bs_fail(error, BS_WORD_failed, "Blockstore knows no filter of system calls for this kind of processor; "
                 SANDBOX_INSTEAD ".");
}

#endif
