/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/state/sequence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/state/state-private.h"

#define PAUSE_MS 1 /* between two looks at a lock: whoever has it is at the end of a commit */

_Static_assert(sizeof(_Atomic uint64_t) == 8, "the number is the 8 bytes of its file");
_Static_assert(ATOMIC_LONG_LOCK_FREE == 2, "processes share no lock of the compiler's");

static bool has_room(int fd) {
  struct stat status;

  return fstat(fd, &status) == 0 && (uint64_t)status.st_size >= sizeof(uint64_t);
}

static bool fail_room(const struct bs_sequence *sequence, struct bs_error *error) {
  return bs_fail_errno(error, "%s: The state's sequence number cannot be made", sequence->path);
}

/*
 * Under the file's lock: what somebody counted meanwhile is not overwritten.  Who touches a mapping where the file has
 * no room dies of it: the bytes are written, which a full disk refuses with an error.  They are random: no number of a
 * removed file comes twice.
 */
static bool make_room(const struct bs_sequence *sequence, struct bs_error *error) {
  uint64_t number;
  ssize_t written;

  if (has_room(sequence->fd)) return true;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return fail_room(sequence, error);
  number -= number % 2;
  while ((written = pwrite(sequence->fd, &number, sizeof number, 0)) < 0)
    if (errno != EINTR) return fail_room(sequence, error);
  if (written == sizeof number) return true;
  errno = ENOSPC;
  return fail_room(sequence, error);
}

bool bs_sequence_init(struct bs_sequence *sequence, char *path) {
  sequence->path = path;
  sequence->fd = -1;
  atomic_init(&sequence->shared, NULL);
  pthread_mutex_init(&sequence->lock, NULL);
  return path != NULL;
}

void bs_sequence_free(struct bs_sequence *sequence) {
  _Atomic uint64_t *shared = atomic_load(&sequence->shared);

  if (shared != NULL) munmap(sequence->mapped, sizeof *shared);
  if (sequence->fd >= 0) close(sequence->fd);
  pthread_mutex_destroy(&sequence->lock);
  free(sequence->path);
}

static bool is_at_path(const struct bs_sequence *sequence) {
  struct stat opened, named;

  return fstat(sequence->fd, &opened) == 0 && lstat(sequence->path, &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

/* Its page stays mapped: another thread may just be reading it. */
static void let_go(struct bs_sequence *sequence) {
  atomic_store(&sequence->shared, NULL);
  close(sequence->fd);
  sequence->fd = -1;
}

/* Under the lock.  Once it is open nothing happens, unless somebody removed the file. */
static bool open_file(struct bs_sequence *sequence, struct bs_error *error) {
  if (sequence->fd >= 0 && is_at_path(sequence)) return true;
  if (sequence->fd >= 0) let_go(sequence);
  sequence->fd = open(sequence->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  return sequence->fd >= 0 || bs_fail_errno(error, "%s: The state's sequence number cannot be opened", sequence->path);
}

/* Under the lock, of an open file that has room.  Once it is mapped nothing happens. */
static bool map(struct bs_sequence *sequence, struct bs_error *error) {
  void *mapped;

  if (atomic_load(&sequence->shared) != NULL) return true;
  mapped = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, sequence->fd, 0);
  if (mapped == MAP_FAILED) return bs_fail_errno(error, "%s: The state's sequence number cannot be mapped", sequence->path);
  sequence->mapped = mapped;
  atomic_store(&sequence->shared, (_Atomic uint64_t *)mapped);
  return true;
}

static bool lock_file(const struct bs_sequence *sequence, const struct bs_scope *scope, struct bs_error *error) {
  uint64_t since_ms = bs_clock_monotonic_ms();

  while (flock(sequence->fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return bs_fail_errno(error, "%s: The state's sequence number cannot be locked", sequence->path);
    if (!bs_state_pause(scope, since_ms, PAUSE_MS, error))
      return bs_context(error, "%s: While another process commits", sequence->path);
  }
  return true;
}

static bool lock_threads(struct bs_sequence *sequence, const struct bs_scope *scope, struct bs_error *error) {
  uint64_t since_ms = bs_clock_monotonic_ms();

  while (pthread_mutex_trylock(&sequence->lock) != 0)
    if (!bs_state_pause(scope, since_ms, PAUSE_MS, error))
      return bs_context(error, "%s: While another thread commits", sequence->path);
  return true;
}

/* Without waiting: who has the lock makes the room. */
static bool try_make_room(const struct bs_sequence *sequence, struct bs_error *error) {
  bool good;

  if (has_room(sequence->fd)) return true;
  if (flock(sequence->fd, LOCK_EX | LOCK_NB) < 0) return false;
  good = make_room(sequence, error);
  flock(sequence->fd, LOCK_UN);
  return good;
}

void bs_sequence_prepare(struct bs_sequence *sequence) {
  struct bs_error error;

  if (pthread_mutex_trylock(&sequence->lock) != 0) return; /* who commits maps it */
  if (open_file(sequence, &error) && try_make_room(sequence, &error)) (void)map(sequence, &error);
  pthread_mutex_unlock(&sequence->lock);
}

uint64_t bs_sequence_read(const struct bs_sequence *sequence) {
  _Atomic uint64_t *shared = atomic_load(&sequence->shared);

  return shared == NULL ? 1 : atomic_load(shared);
}

/* With both locks, and mapped. */
static bool take(struct bs_sequence *sequence, const struct bs_scope *scope, struct bs_error *error) {
  if (!open_file(sequence, error) || !lock_file(sequence, scope, error)) return false;
  if (make_room(sequence, error) && map(sequence, error)) return true;
  flock(sequence->fd, LOCK_UN);
  return false;
}

bool bs_sequence_begin(struct bs_sequence *sequence, const struct bs_scope *scope, struct bs_error *error) {
  _Atomic uint64_t *shared;

  if (!lock_threads(sequence, scope, error)) return false;
  if (!take(sequence, scope, error)) {
    pthread_mutex_unlock(&sequence->lock);
    return false;
  }
  shared = atomic_load(&sequence->shared);
  atomic_fetch_add(shared, atomic_load(shared) % 2 == 0 ? 1 : 2); /* odd already: who counted before died */
  return true;
}

void bs_sequence_end(struct bs_sequence *sequence) {
  atomic_fetch_add(atomic_load(&sequence->shared), 1);
  flock(sequence->fd, LOCK_UN);
  pthread_mutex_unlock(&sequence->lock);
}
