/* SPDX-License-Identifier: MIT */
/* A fresh directory for the tests of plugins/common/tree, and files placed in it. */
#ifndef BS_T_TREE_H
#define BS_T_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/common/tree.h"
#include "t/lib/driver-host.h"

struct place {
  char *path;
  int root;
};

static inline int place_setup(void **state) {
  static struct place place;

  place.path = host_directory();
  place.root = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  *state = &place;
  return place.root < 0;
}

static inline int place_teardown(void **state) {
  struct place *place = *state;

  close(place->root);
  host_directory_remove(place->path);
  return 0;
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, place_setup, place_teardown)

/* The call must return -1 with this errno. */
#define assert_errno(call, number)                                                                           \
  do {                                                                                                       \
    errno = 0;                                                                                               \
    if ((call) != -1) fail_msg("%s: succeeded", #call);                                                      \
    if (errno != (number)) fail_msg("%s: %s, not %s", #call, strerror(errno), strerror(number));             \
  } while (0)

static inline void put(int root, const char *path, const char *text) {
  struct bs_temporary temporary = BS_TEMPORARY_INIT;

  assert_int_equal(bs_temporary_begin(&temporary, root), 0);
  assert_int_equal(bs_tree_write(temporary.fd, text, strlen(text)), 0);
  assert_int_equal(bs_temporary_place(&temporary, root, path), 0);
  bs_temporary_end(&temporary);
}

static inline void assert_placed(int root, const char *path, const char *text) {
  char bytes[16] = "";
  int fd = bs_tree_open(root, path, O_RDONLY);

  assert_true(fd >= 0);
  assert_int_equal(bs_tree_read(fd, bytes, strlen(text), 0), 0);
  assert_string_equal(bytes, text);
  assert_errno(bs_tree_read(fd, bytes, 1, strlen(text)), 0);
  close(fd);
}

/* An empty file, behind the tree's back. */
static inline void put_empty(const struct place *place, const char *path) {
  int fd = openat(place->root, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

  assert_true(fd >= 0);
  close(fd);
}

static inline bool is_there(const struct place *place, const char *path) {
  return faccessat(place->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
