/* SPDX-License-Identifier: MIT */
/* Durable files beneath a root: what may be opened, placed and removed, with openat2 and without it; what is swept. */
#include <config.h>

#include <limits.h>
#include <sys/syscall.h>

#include "t/lib/tree.h"

static int refusal; /* what openat2 fails with here, or 0 */
static unsigned refused;

/* The tree asks for one system call by number, openat2. */
long __wrap_syscall(long number, long root, const char *path, void *how, size_t size);
long __real_syscall(long number, ...);

long __wrap_syscall(long number, long root, const char *path, void *how, size_t size) {
  if (refusal == 0) return __real_syscall(number, root, path, how, size);
  refused++;
  errno = refusal;
  return -1;
}

static int without_openat2(void **state) {
  refusal = ENOSYS;
  refused = 0;
  return place_setup(state);
}

static int with_openat2_forbidden(void **state) {
  refusal = EPERM;
  refused = 0;
  return place_setup(state);
}

static int again(void **state) {
  refusal = 0;
  return place_teardown(state);
}

static void places_at_any_depth(void **state) {
  static const char *const paths[] = {"top", "a/file", "b/c/d/file", "b/c/other", "b/c/d/file", ".x/..y/...", "a/..."};
  struct place *place = *state;

  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    put(place->root, paths[i], paths[i]);
    assert_placed(place->root, paths[i], paths[i]);
    assert_int_equal(bs_tree_sync(place->root, paths[i], 9), 0); /* stops at the root */
  }
  assert_int_equal(bs_temporary_sweep(place->root), 0);
}

static void only_the_owner_reads(void **state) {
  struct place *place = *state;
  struct stat status;

  put(place->root, "a/b", "1");
  assert_int_equal(fstatat(place->root, "a", &status, 0), 0);
  assert_int_equal(status.st_mode & 07777, 0700);
  assert_int_equal(fstatat(place->root, "a/b", &status, 0), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
}

static void removes_what_is_there(void **state) {
  static const char *const absent[] = {"x", "a/x", "no/such/x", "a/b"};
  struct place *place = *state;

  put(place->root, "a/b", "1");
  assert_int_equal(bs_tree_remove(place->root, "a/b"), 0);
  for (size_t i = 0; i < 4; i++) {
    assert_errno(bs_tree_remove(place->root, absent[i]), ENOENT);
    assert_errno(bs_tree_open(place->root, absent[i], O_RDONLY), ENOENT);
  }
  assert_errno(bs_tree_sync(place->root, "no/such/x", 1), ENOENT);
  assert_errno(bs_tree_remove(place->root, "a"), EISDIR);
}

/* Whatever is asked for, nothing is looked up. */
static void refuses(struct place *place, struct bs_temporary *temporary, const char *path, int number) {
  assert_errno(bs_tree_open(place->root, path, O_RDONLY), number);
  assert_errno(bs_tree_remove(place->root, path), number);
  assert_errno(bs_tree_sync(place->root, path, 1), number);
  assert_errno(bs_temporary_place(temporary, place->root, path), number);
}

static void refuses_paths_that_stay_or_climb(void **state) {
  static const char *const paths[] = {"",    "/",    "//",  ".",   "..",   "./b",  "../b",       "/etc/passwd", "//b",
                                      "a/.", "a/..", "a//b", "a/", "a/./b", "a/../b", "a/../../b", "a/b/"};
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;

  put(place->root, "a/b", "1");
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) refuses(place, &temporary, paths[i], EINVAL);
  bs_temporary_end(&temporary);
  assert_placed(place->root, "a/b", "1");
}

static void refuses_what_is_too_long(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;
  char component[NAME_MAX + 2], path[PATH_MAX + 1];

  memset(component, 'x', sizeof component);
  component[NAME_MAX + 1] = '\0';
  for (size_t i = 0; i < PATH_MAX; i++) path[i] = i % 2 == 0 ? 'd' : '/';
  path[PATH_MAX - 1] = 'd';
  path[PATH_MAX] = '\0';
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  refuses(place, &temporary, component, ENAMETOOLONG);
  refuses(place, &temporary, path, ENAMETOOLONG);
  bs_temporary_end(&temporary);
  put(place->root, component + 1, "1"); /* one less is not too long */
  assert_placed(place->root, component + 1, "1");
  path[PATH_MAX - 2] = '\0';
  path[PATH_MAX - 3] = 'd';
  assert_errno(bs_tree_open(place->root, path, O_RDONLY), ENOENT);
}

/* a/out leads to a directory beside the root, a/in to one beneath it, a/file to the file a/b. */
static void make_links(const struct place *place, const char *outside) {
  put(place->root, "a/b", "1");
  assert_int_equal(symlinkat(outside, place->root, "a/out"), 0);
  assert_int_equal(symlinkat(".", place->root, "a/in"), 0);
  assert_int_equal(symlinkat("b", place->root, "a/file"), 0);
}

static void follows_no_link(void **state) {
  static const char *const through[] = {"a/out/kept", "a/in/b", "a/file/x", "a/out/new/x"};
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;
  char *outside = host_directory(), *kept = host_path("%s/kept", outside);
  static const char *const links[] = {"a/out", "a/in", "a/file"};

  make_links(place, outside);
  assert_int_equal(close(open(kept, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  for (size_t i = 0; i < sizeof through / sizeof through[0]; i++) {
    if (bs_tree_open(place->root, through[i], O_RDONLY) != -1 || (errno != ELOOP && errno != ENOTDIR))
      fail_msg("opened: %s: %s", through[i], strerror(errno));
    if (bs_tree_remove(place->root, through[i]) != -1 || (errno != ELOOP && errno != ENOTDIR))
      fail_msg("removed: %s: %s", through[i], strerror(errno));
    if (bs_temporary_place(&temporary, place->root, through[i]) != -1 || (errno != ELOOP && errno != ENOTDIR))
      fail_msg("placed: %s: %s", through[i], strerror(errno));
  }
  for (size_t i = 0; i < 3; i++) assert_errno(bs_tree_open(place->root, links[i], O_RDONLY), ELOOP);
  bs_temporary_end(&temporary);
  assert_int_equal(unlink(kept), 0);
  assert_int_equal(rmdir(outside), 0); /* there is nothing else in it */
  free(outside);
  free(kept);
}

/* What is in its place goes or is replaced; where it led stays. */
static void a_link_is_a_file_like_another(void **state) {
  struct place *place = *state;

  make_links(place, place->path);
  put(place->root, "a/file", "2");
  assert_placed(place->root, "a/file", "2");
  assert_placed(place->root, "a/b", "1");
  assert_int_equal(bs_tree_remove(place->root, "a/out"), 0);
  assert_int_equal(bs_tree_remove(place->root, "a/in"), 0);
  assert_placed(place->root, "a/b", "1");
}

/* A temporary whose place is taken by what is no file stays one, and may go elsewhere. */
static void what_cannot_be_placed_is_kept(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;

  put(place->root, "a/b/c", "1");
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  assert_int_equal(bs_tree_write(temporary.fd, "2", 1), 0);
  assert_errno(bs_temporary_place(&temporary, place->root, "a/b"), EISDIR);
  assert_errno(bs_temporary_place(&temporary, place->root, "a/b/c/d"), ENOTDIR);
  assert_int_equal(bs_temporary_place(&temporary, place->root, "a/d"), 0);
  assert_string_equal(temporary.name, "");
  bs_temporary_end(&temporary);
  assert_placed(place->root, "a/d", "2");
  assert_placed(place->root, "a/b/c", "1");
}

static void unplaced_is_removed(void **state) {
  struct place *place = *state;
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  char *path;

  bs_temporary_end(&temporary); /* of nothing: nothing */
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  path = host_path(".tmp/%s", temporary.name);
  assert_true(is_there(place, path));
  assert_int_equal(bs_temporary_sweep(place->root), 0); /* it is ours */
  assert_true(is_there(place, path));
  bs_temporary_end(&temporary);
  assert_false(is_there(place, path));
  assert_int_equal(temporary.fd, -1);
  free(path);
}

static void sweep_takes_what_nobody_holds(void **state) {
  static const char *const kept[] = {".tmp/directory", ".tmp/link", ".tmp/pipe", ".tmp/.hidden"};
  struct bs_temporary held = BS_TEMPORARY_INIT;
  struct place *place = *state;

  assert_int_equal(bs_temporary_sweep(place->root), 0); /* no .tmp yet */
  put(place->root, "x", "");
  assert_int_equal(bs_temporary_begin(&held, place->root), 0);
  assert_int_equal(mkdirat(place->root, kept[0], 0700), 0);
  assert_int_equal(symlinkat("../x", place->root, kept[1]), 0);
  assert_int_equal(mkfifoat(place->root, kept[2], 0600), 0);
  put_empty(place, kept[3]);
  put_empty(place, ".tmp/one");
  put_empty(place, ".tmp/two");
  assert_int_equal(bs_temporary_sweep(place->root), 2);
  assert_false(is_there(place, ".tmp/one") || is_there(place, ".tmp/two"));
  for (size_t i = 0; i < 4; i++) assert_true(is_there(place, kept[i]));
  assert_placed(place->root, "x", "");
  assert_int_equal(bs_temporary_place(&held, place->root, "y"), 0);
  bs_temporary_end(&held);
}

static void temporaries_need_a_directory_of_their_own(void **state) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  struct place *place = *state;

  put_empty(place, ".tmp");
  assert_errno(bs_temporary_begin(&temporary, place->root), ENOTDIR);
  assert_errno(bs_temporary_sweep(place->root), ENOTDIR);
  assert_int_equal(unlinkat(place->root, ".tmp", 0), 0);
  assert_int_equal(symlinkat(place->path, place->root, ".tmp"), 0);
  assert_int_equal(bs_temporary_begin(&temporary, place->root), -1);
  assert_int_equal(bs_temporary_sweep(place->root), -1);
  assert_int_equal(temporary.fd, -1);
}

/* Without openat2 the tests before this one went the other way. */
static void openat2_was_refused(void **state) {
  struct place *place = *state;

  assert_errno(bs_tree_open(place->root, "x", O_RDONLY), ENOENT);
  assert_int_equal(refused, 1);
}

#define ALL_WAYS(function)                                     \
  {#function, function, place_setup, place_teardown, NULL},    \
      {#function ", no openat2", function, without_openat2, again, NULL}

int main(void) {
  const struct CMUnitTest tests[] = {
      ALL_WAYS(places_at_any_depth),
      TREE_TEST(only_the_owner_reads),
      ALL_WAYS(removes_what_is_there),
      ALL_WAYS(refuses_paths_that_stay_or_climb),
      ALL_WAYS(refuses_what_is_too_long),
      ALL_WAYS(follows_no_link),
      ALL_WAYS(a_link_is_a_file_like_another),
      ALL_WAYS(what_cannot_be_placed_is_kept),
      TREE_TEST(unplaced_is_removed),
      ALL_WAYS(sweep_takes_what_nobody_holds),
      ALL_WAYS(temporaries_need_a_directory_of_their_own),
      cmocka_unit_test_setup_teardown(openat2_was_refused, without_openat2, again),
      cmocka_unit_test_setup_teardown(openat2_was_refused, with_openat2_forbidden, again),
  };

  return RUN_TESTS(tests);
}
