/* SPDX-License-Identifier: MIT */
/* Durable files beneath a root, when the system fails or interrupts: the caller is told, and nothing is left behind. */
#include <config.h>

#include <dirent.h>
#include <sys/file.h>
#include <sys/random.h>

#include "t/lib/tree.h"

/* What fails next: the errno of one call of that function, or 0. */
static struct {
  int fsync, flock, fdopendir, getrandom, mkdirat, pread, write;
} fault;
static size_t most = SIZE_MAX;      /* that one call moves */
static uint64_t repeated;           /* a random number that comes so often */
static unsigned repetitions;
static const struct place *swept_by; /* a sweep runs there before the next flock */

static bool fails(int *number) {
  if (*number == 0) return false;
  errno = *number;
  *number = 0;
  return true;
}

int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_flock(int fd, int operation);
int __real_flock(int fd, int operation);
DIR *__wrap_fdopendir(int fd);
DIR *__real_fdopendir(int fd);
int __wrap_mkdirat(int directory, const char *path, mode_t mode);
int __real_mkdirat(int directory, const char *path, mode_t mode);
ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags);
ssize_t __real_getrandom(void *buffer, size_t length, unsigned flags);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_pread(int fd, void *buffer, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t length, off64_t offset);
ssize_t __real_pread64(int fd, void *buffer, size_t length, off64_t offset);

int __wrap_fsync(int fd) {
  return fails(&fault.fsync) ? -1 : __real_fsync(fd);
}

int __wrap_flock(int fd, int operation) {
  const struct place *place = swept_by;

  swept_by = NULL;
  if (place != NULL) assert_int_equal(bs_temporary_sweep(place->root), 1);
  return fails(&fault.flock) ? -1 : __real_flock(fd, operation);
}

DIR *__wrap_fdopendir(int fd) {
  return fails(&fault.fdopendir) ? NULL : __real_fdopendir(fd);
}

/* EEXIST: somebody else was faster. */
int __wrap_mkdirat(int directory, const char *path, mode_t mode) {
  if (fault.mkdirat == EEXIST) assert_int_equal(__real_mkdirat(directory, path, mode), 0);
  return fails(&fault.mkdirat) ? -1 : __real_mkdirat(directory, path, mode);
}

ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags) {
  if (fails(&fault.getrandom)) return -1;
  if (repetitions == 0) return __real_getrandom(buffer, length, flags);
  repetitions--;
  assert_int_equal(length, sizeof repeated);
  memcpy(buffer, &repeated, sizeof repeated);
  return (ssize_t)length;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length) {
  return fails(&fault.write) ? -1 : __real_write(fd, bytes, length < most ? length : most);
}

/* By the name that the offset's size gives it. */
ssize_t __wrap_pread(int fd, void *buffer, size_t length, off_t offset) {
  return __wrap_pread64(fd, buffer, length, offset);
}

ssize_t __wrap_pread64(int fd, void *buffer, size_t length, off64_t offset) {
  return fails(&fault.pread) ? -1 : __real_pread64(fd, buffer, length < most ? length : most, offset);
}

static size_t temporaries(const struct place *place) {
  int fd = openat(place->root, BS_TREE_TEMPORARIES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fdopendir(fd);
  const struct dirent *entry;
  size_t count = 0;

  assert_non_null(stream);
  while ((entry = readdir(stream)) != NULL) count += entry->d_name[0] != '.';
  closedir(stream);
  return count;
}

/* The number that the next descriptor would have. */
static int next_descriptor(const struct place *place) {
  int fd = dup(place->root);

  close(fd);
  return fd;
}

static void moves_all_in_pieces(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;
  char bytes[8] = "";

  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  most = 3;
  fault.write = fault.pread = EINTR;
  assert_int_equal(bs_tree_write(temporary.fd, "0123456789", 10), 0);
  assert_int_equal(bs_tree_read(temporary.fd, bytes, 7, 2), 0);
  assert_int_equal(fault.write + fault.pread, 0);
  assert_string_equal(bytes, "2345678");
  assert_errno(bs_tree_read(temporary.fd, bytes, 4, 7), 0); /* one byte more than there is */
  assert_int_equal(bs_tree_read(temporary.fd, bytes, 0, 99), 0);
  most = SIZE_MAX;
  bs_temporary_end(&temporary);
}

static void tells_what_stops_it(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;
  char byte;

  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  fault.write = ENOSPC;
  assert_errno(bs_tree_write(temporary.fd, "x", 1), ENOSPC);
  fault.pread = EIO;
  assert_errno(bs_tree_read(temporary.fd, &byte, 1, 0), EIO);
  bs_temporary_end(&temporary);
}

/* A name that may not survive is no success, though it stands there. */
static void a_name_that_is_not_durable_is_told(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;

  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  fault.fsync = EIO;
  assert_errno(bs_temporary_place(&temporary, place->root, "a/b"), EIO);
  bs_temporary_end(&temporary);
  assert_true(is_there(place, "a/b")); /* not taken away again: a reader may have seen it */
  fault.fsync = EIO;
  assert_errno(bs_tree_sync(place->root, "a/b", 2), EIO);
  fault.fsync = EIO;
  assert_errno(bs_tree_remove(place->root, "a/b"), EIO);
  assert_false(is_there(place, "a/b"));
  fault.fsync = EIO; /* who removed it may have died before its fsync */
  assert_errno(bs_tree_remove(place->root, "a/b"), EIO);
  assert_errno(bs_tree_remove(place->root, "a/b"), ENOENT);
}

static void a_beginning_that_fails_leaves_nothing(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;
  int next = next_descriptor(place);

  fault.mkdirat = EROFS;
  assert_errno(bs_temporary_begin(&temporary, place->root), EROFS);
  fault.getrandom = EINTR;
  assert_errno(bs_temporary_begin(&temporary, place->root), EINTR);
  fault.flock = ENOLCK;
  assert_errno(bs_temporary_begin(&temporary, place->root), ENOLCK);
  assert_true(temporary.fd == -1 && temporary.directory == -1 && temporary.name[0] == '\0');
  assert_int_equal(temporaries(place), 0);
  assert_int_equal(next_descriptor(place), next);
}

static void directories_that_cannot_be_made_are_told(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;

  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  fault.mkdirat = ENOSPC;
  assert_errno(bs_temporary_place(&temporary, place->root, "a/b/c"), ENOSPC);
  assert_false(is_there(place, "a"));
  fault.mkdirat = EEXIST; /* which is no failure */
  assert_int_equal(bs_temporary_place(&temporary, place->root, "a/b/c"), 0);
  assert_int_equal(fault.mkdirat, 0);
  bs_temporary_end(&temporary);
  assert_placed(place->root, "a/b/c", "");
}

static void a_sweep_without_memory_is_told(void **state) {
  struct place *place = *state;
  int next = next_descriptor(place);

  put(place->root, "x", "");
  fault.fdopendir = ENOMEM;
  assert_errno(bs_temporary_sweep(place->root), ENOMEM);
  assert_int_equal(next_descriptor(place), next);
}

static void a_name_that_is_taken_is_not_used(void **state) {
  struct bs_temporary first = BS_TEMPORARY_INIT, second = BS_TEMPORARY_INIT;
  struct place *place = *state;

  repeated = 0x00112233445566ff;
  repetitions = 2;
  assert_int_equal(bs_temporary_begin(&first, place->root), 0);
  assert_string_equal(first.name, "00112233445566ff");
  assert_int_equal(bs_temporary_begin(&second, place->root), 0);
  assert_int_equal(repetitions, 0);
  assert_string_not_equal(second.name, first.name);
  assert_int_equal(temporaries(place), 2);
  bs_temporary_end(&first);
  bs_temporary_end(&second);
}

/* Between its creation and its lock a file looks like a leftover. */
static void a_file_that_was_swept_is_made_again(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;

  swept_by = place;
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  assert_null(swept_by);
  assert_int_equal(temporaries(place), 1);
  assert_int_equal(bs_temporary_place(&temporary, place->root, "x"), 0);
  assert_placed(place->root, "x", "");
  bs_temporary_end(&temporary);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TREE_TEST(moves_all_in_pieces),
      TREE_TEST(tells_what_stops_it),
      TREE_TEST(a_name_that_is_not_durable_is_told),
      TREE_TEST(a_beginning_that_fails_leaves_nothing),
      TREE_TEST(directories_that_cannot_be_made_are_told),
      TREE_TEST(a_sweep_without_memory_is_told),
      TREE_TEST(a_name_that_is_taken_is_not_used),
      TREE_TEST(a_file_that_was_swept_is_made_again),
  };

  return RUN_TESTS(tests);
}
