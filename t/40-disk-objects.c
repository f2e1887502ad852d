/* SPDX-License-Identifier: MIT */
/* The disk driver keeps objects: all sizes, all ids, overwriting, repairing, deleting. */
#include <config.h>

#include <unistd.h>

#include "t/lib/disk-world.h"

static void sizes_come_back(void **state) {
  static const size_t sizes[] = {0, 1, 4096, (1u << 20) - 1, 1u << 20, (1u << 20) + 1, 64u << 20};
  struct world *world = *state;

  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    unsigned char *bytes = malloc(sizes[i] + 1);
    char key[65], id[16];

    assert_non_null(bytes);
    for (size_t at = 0; at < sizes[i]; at++) bytes[at] = (unsigned char)(at ^ at >> 8 ^ at >> 20);
    snprintf(key, sizeof key, "%064zx", i);
    snprintf(id, sizeof id, "size-%zu", i);
    assert_int_equal(host_put_immutable(&world->store, key, bytes, sizes[i]), BLOCKSTORE_STATUS_OK);
    host_holds_immutable(&world->store, key, bytes, sizes[i]);
    assert_int_equal(host_put_mutable(&world->store, id, bytes, sizes[i]), BLOCKSTORE_STATUS_OK);
    host_holds_mutable(&world->store, id, bytes, sizes[i]);
    free(bytes);
  }
}

/* The awkward ids, the last two 4143 bytes long. */
#define ID_COUNT 25
static const char *awkward_id(size_t index, char *room) {
  static const char *const ids[ID_COUNT - 2] = {
      "0a8ce26f:foo.test:/my/second/datum", "a", "A", "/", "//", ".", "..", "../..", "./a", ".hidden", "a/../b", "..%2f",
      "%2e%2e", "%", "%%", "line\nfeed", " ", "\xc3\xa9", "e\xcc\x81", "sha256=ab", "\\", "\x01\x7f", "README"};

  if (index < ID_COUNT - 2) return ids[index];
  memset(room, index == ID_COUNT - 1 ? '/' : 'x', 4143);
  room[4143] = '\0';
  return room;
}

static void awkward_ids_stay_apart(void **state) {
  struct world *world = *state;
  char room[4144];

  for (size_t i = 0; i < ID_COUNT; i++)
    assert_int_equal(host_put_mutable(&world->store, awkward_id(i, room), &i, sizeof i), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < ID_COUNT; i++) host_holds_mutable(&world->store, awkward_id(i, room), &i, sizeof i);
}

static int name_is_tame(const char *path, const struct stat *status, int type, struct FTW *where) {
  const char *name = path + where->base;

  (void)status;
  if (type == FTW_F && strcmp(name, ".blockstore-disk") != 0)
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-%=ABCDEF") != strlen(name) || name[0] == '.' ||
        strlen(name) > 200)
      return 1;
  if (type == FTW_F && strcmp(name, ".blockstore-disk") != 0 && where->level != 4) return 2;
  return (status->st_mode & 077) == 0 ? 0 : 3;
}

static void file_names_are_tame(void **state) {
  struct world *world = *state;
  char room[4144];

  for (size_t i = 0; i < ID_COUNT; i++)
    assert_int_equal(host_put_mutable(&world->store, awkward_id(i, room), "", 0), BLOCKSTORE_STATUS_OK);
  assert_int_equal(nftw(world->root, name_is_tame, 8, FTW_PHYS), 0);
}

/* 200 characters are kept as they are, 201 are hashed; neither meets the other. */
static void long_ids_are_hashed(void **state) {
  struct world *world = *state;
  char id[202];
  char *url;

  memset(id, 'y', sizeof id);
  id[200] = '\0';
  url = host_url(&world->store, id);
  assert_string_equal(strrchr(url, '/') + 1, id);
  free(url);
  id[200] = 'y';
  id[201] = '\0';
  url = host_url(&world->store, id);
  assert_ptr_equal(strstr(strrchr(url, '/'), "sha256%3D"), strrchr(url, '/') + 1);
  free(url);
}

static void overwriting_replaces(void **state) {
  struct world *world = *state;

  assert_int_equal(host_put_mutable(&world->store, "x", "first, and longer", 17), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_mutable(&world->store, "x", "second", 6), BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&world->store, "x", "second", 6);
}

static void immutable_may_be_put_again(void **state) {
  struct world *world = *state;
  struct stat before, after;
  char *path = host_path("%s/immutable/ab/34/" KEY, world->root);

  assert_int_equal(host_put_immutable(&world->store, KEY, "same", 4), BLOCKSTORE_STATUS_OK);
  assert_int_equal(stat(path, &before), 0);
  assert_int_equal(host_put_immutable(&world->store, KEY, "same", 4), BLOCKSTORE_STATUS_OK);
  assert_int_equal(stat(path, &after), 0);
  assert_int_equal(before.st_ino, after.st_ino); /* nothing was written */
  free(path);
}

/* Same length, other length, and a link in its place: putting again repairs. */
static void damaged_immutable_is_repaired(void **state) {
  struct world *world = *state;
  char *path = host_path("%s/immutable/ab/34/" KEY, world->root);

  assert_int_equal(host_put_immutable(&world->store, KEY, "right", 5), BLOCKSTORE_STATUS_OK);
  write_file(strdup(path), "wrong");
  assert_int_equal(host_put_immutable(&world->store, KEY, "right", 5), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&world->store, KEY, "right", 5);
  write_file(strdup(path), "");
  assert_int_equal(host_put_immutable(&world->store, KEY, "right", 5), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&world->store, KEY, "right", 5);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(symlink("/etc/passwd", path), 0);
  assert_int_equal(host_put_immutable(&world->store, KEY, "right", 5), BLOCKSTORE_STATUS_OK);
  host_holds_immutable(&world->store, KEY, "right", 5);
  free(path);
}

static void absent_is_not_found(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "nothing");

  assert_int_equal(host_get_immutable(&world->store, KEY), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_non_null(strstr(world->store.call.sentence, KEY));
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  free(url);
}

static void deleting_twice_is_well(void **state) {
  struct world *world = *state;
  const struct blockstore_driver *driver = world->store.driver;
  struct blockstore_call *call = &world->store.call.call;

  assert_int_equal(driver->delete_immutable_handler(world->store.self, call, KEY40, NULL), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_immutable(&world->store, KEY40, "x", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->delete_immutable_handler(world->store.self, call, KEY40, NULL), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->delete_immutable_handler(world->store.self, call, KEY40, NULL), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_immutable(&world->store, KEY40), BLOCKSTORE_STATUS_NOT_FOUND);
}

static void deleting_takes_one_only(void **state) {
  struct world *world = *state;
  const struct blockstore_driver *driver = world->store.driver;
  struct blockstore_call *call = &world->store.call.call;
  char *url = host_url(&world->store, "gone");

  assert_int_equal(host_put_mutable(&world->store, "gone", "1", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_mutable(&world->store, "stays", "2", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->delete_mutable_handler(world->store.self, call, "gone", NULL), BLOCKSTORE_STATUS_OK);
  assert_int_equal(driver->delete_mutable_handler(world->store.self, call, "gone", NULL), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  host_holds_mutable(&world->store, "stays", "2", 1);
  free(url);
}

static void bad_keys_and_ids_are_refused(void **state) {
  static const char *const keys[] = {"",
                                     "ab",
                                     "../../../../../../../../../../../../../etc/passwd",
                                     (KEY "0"),
                                     "AB34567890123456789012345678901234567890",
                                     "ab/4567890123456789012345678901234567890"};
  struct world *world = *state;
  const struct blockstore_driver *driver = world->store.driver;
  struct blockstore_call *call = &world->store.call.call;

  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    assert_int_equal(host_put_immutable(&world->store, keys[i], "x", 1), BLOCKSTORE_STATUS_FAILED);
    assert_int_equal(host_get_immutable(&world->store, keys[i]), BLOCKSTORE_STATUS_FAILED);
    assert_int_equal(driver->delete_immutable_handler(world->store.self, call, keys[i], NULL),
                     BLOCKSTORE_STATUS_FAILED);
  }
  assert_int_equal(host_put_mutable(&world->store, "", "x", 1), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(driver->delete_mutable_handler(world->store.self, call, "", NULL), BLOCKSTORE_STATUS_FAILED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      DISK_TEST(sizes_come_back),
      DISK_TEST(awkward_ids_stay_apart),
      DISK_TEST(file_names_are_tame),
      DISK_TEST(long_ids_are_hashed),
      DISK_TEST(overwriting_replaces),
      DISK_TEST(immutable_may_be_put_again),
      DISK_TEST(damaged_immutable_is_repaired),
      DISK_TEST(absent_is_not_found),
      DISK_TEST(deleting_twice_is_well),
      DISK_TEST(deleting_takes_one_only),
      DISK_TEST(bad_keys_and_ids_are_refused),
  };

  return RUN_TESTS(tests);
}
