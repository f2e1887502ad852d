/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/common/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/lib/driver-host.h"

struct place {
  char *path;
  int root;
};

static int setup(void **state) {
  static struct place place;

  place.path = host_directory();
  place.root = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  *state = &place;
  return place.root < 0;
}

static int teardown(void **state) {
  struct place *place = *state;

  close(place->root);
  host_directory_remove(place->path);
  return 0;
}

static void put(int root, const char *path, const char *text) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;

  assert_int_equal(bs_temporary_begin(&temporary, root), 0);
  assert_int_equal(bs_tree_write(temporary.fd, text, strlen(text)), 0);
  assert_int_equal(bs_temporary_place(&temporary, root, path), 0);
  bs_temporary_end(&temporary);
}

static void assert_holds(int root, const char *path, const char *text) {
  char bytes[16] = "";
  int fd = bs_tree_open(root, path, O_RDONLY);

  assert_true(fd >= 0);
  assert_int_equal(bs_tree_read(fd, bytes, strlen(text), 0), 0);
  assert_string_equal(bytes, text);
  assert_int_equal(bs_tree_read(fd, bytes, 1, strlen(text)), -1);
  assert_int_equal(errno, 0);
  close(fd);
}

static void places_at_any_depth(void **state) {
  static const char *const paths[] = {"top", "a/file", "b/c/d/file", "b/c/other", "b/c/d/file"};
  struct place *place = *state;

  for (size_t i = 0; i < 5; i++) {
    put(place->root, paths[i], paths[i]);
    assert_holds(place->root, paths[i], paths[i]);
    assert_int_equal(bs_tree_sync(place->root, paths[i], 9), 0); /* stops at the root */
  }
  assert_int_equal(bs_temporary_sweep(place->root), 0);
}

static void removes_what_is_there(void **state) {
  static const char *const absent[] = {"x", "a/x", "no/such/x", "a/b"};
  struct place *place = *state;

  put(place->root, "a/b", "1");
  assert_int_equal(bs_tree_remove(place->root, "a/b"), 0);
  for (size_t i = 0; i < 4; i++) {
    errno = 0;
    assert_int_equal(bs_tree_remove(place->root, absent[i]), -1);
    assert_int_equal(errno, ENOENT);
  }
  assert_int_equal(bs_tree_remove(place->root, "a"), -1); /* no directory */
  assert_int_not_equal(errno, ENOENT);
}

static void nothing_leads_out(void **state) {
  static const char *const paths[] = {
      "..", "../etc", "a/../../etc", "/etc/passwd", "a/link/passwd", "a/root/etc/passwd", "a/up", ""};
  struct place *place = *state;
  char *link = host_path("%s/a/link", place->path), *up = host_path("%s/a/up", place->path),
       *top = host_path("%s/a/root", place->path);

  put(place->root, "a/b", "1");
  assert_int_equal(symlink("/etc", link), 0);
  assert_int_equal(symlink("/", top), 0);
  assert_int_equal(symlink("b", up), 0); /* a link within the tree is none the less a link */
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (bs_tree_open(place->root, paths[i], O_RDONLY) >= 0) fail_msg("opened: %s", paths[i]);
  }
  free(link);
  free(up);
  free(top);
}

static void nothing_is_placed_or_removed_outside(void **state) {
  static const char *const paths[] = {"..", "../out", "a/../../out", "//out", "a/link/out", ""};
  struct place *place = *state;
  char *link = host_path("%s/a/link", place->path), *outside = host_directory(), *file = host_path("%s/out", outside);
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  char too_long[PATH_MAX + 10];

  put(place->root, "a/b", "1");
  assert_int_equal(symlink(outside, link), 0);
  assert_int_equal(close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (bs_temporary_place(&temporary, place->root, paths[i]) == 0) fail_msg("placed: %s", paths[i]);
    if (bs_tree_remove(place->root, paths[i]) == 0) fail_msg("removed: %s", paths[i]);
  }
  for (size_t i = 0; i < sizeof too_long; i += 2) memcpy(too_long + i, "d/", 2);
  memcpy(too_long + sizeof too_long - 5, "file", 5);
  assert_int_equal(bs_temporary_place(&temporary, place->root, too_long), -1);
  assert_int_equal(errno, ENAMETOOLONG);
  assert_int_equal(access(file, F_OK), 0);
  assert_int_equal(unlink(file), 0);
  assert_int_equal(rmdir(outside), 0); /* there is nothing else in it */
  bs_temporary_end(&temporary);
  free(link);
  free(outside);
  free(file);
}

static void unplaced_is_removed(void **state) {
  struct place *place = *state;
  struct bs_temporary temporary = BS_TEMPORARY_INIT;
  char *path;

  bs_temporary_end(&temporary); /* of nothing: nothing */
  assert_int_equal(bs_temporary_begin(&temporary, place->root), 0);
  path = host_path("%s/.tmp/%s", place->path, temporary.name);
  assert_int_equal(access(path, F_OK), 0);
  assert_int_equal(bs_temporary_sweep(place->root), 0); /* it is ours */
  bs_temporary_end(&temporary);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(temporary.fd, -1);
  free(path);
}

static void sweep_takes_files_only(void **state) {
  struct place *place = *state;
  char *directory, *link, *file;

  assert_int_equal(bs_temporary_sweep(place->root), 0); /* no .tmp yet */
  put(place->root, "x", "");
  directory = host_path("%s/.tmp/directory", place->path);
  link = host_path("%s/.tmp/link", place->path);
  file = host_path("%s/.tmp/file", place->path);
  assert_int_equal(mkdir(directory, 0700), 0);
  assert_int_equal(symlink("../x", link), 0);
  assert_int_equal(close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  assert_int_equal(bs_temporary_sweep(place->root), 1);
  assert_holds(place->root, "x", "");
  free(directory);
  free(link);
  free(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(places_at_any_depth, setup, teardown),
      cmocka_unit_test_setup_teardown(removes_what_is_there, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_leads_out, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_is_placed_or_removed_outside, setup, teardown),
      cmocka_unit_test_setup_teardown(unplaced_is_removed, setup, teardown),
      cmocka_unit_test_setup_teardown(sweep_takes_files_only, setup, teardown),
  };

  return RUN_TESTS(tests);
}
