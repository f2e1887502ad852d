/* SPDX-License-Identifier: MIT */
/* The disk driver's root: made, recognised, refused, missed. */
#include <config.h>

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include "t/lib/disk-world.h"

/* storage_init must refuse, saying `text`. */
static void assert_refused(const struct host_setting *settings, enum blockstore_status status, const char *text) {
  struct host_store store;

  assert_int_equal(host_store_try(&store, "disk", settings), status);
  assert_null(store.self);
  if (strstr(store.call.sentence, text) == NULL) fail_msg("sentence: %s", store.call.sentence);
}

static void root_is_made_once(void **state) {
  struct world *world = *state;
  struct stat status;

  assert_int_equal(stat(world->root, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0700);
  assert_int_equal(host_put_mutable(&world->store, "x", "kept", 4), BLOCKSTORE_STATUS_OK);
  host_store_close(&world->store);
  host_store_open(&world->store, "disk", DISK_SETTINGS(world->root));
  host_holds_mutable(&world->store, "x", "kept", 4);
}

static void bad_roots_are_refused(void **state) {
  struct world *world = *state;
  char *file = host_path("%s/file", world->directory), *below = host_path("%s/file/root", world->directory);

  assert_refused(DISK_SETTINGS("relative/path"), BLOCKSTORE_STATUS_FAILED, "absolute");
  write_file(strdup(file), "");
  assert_refused(DISK_SETTINGS(file), BLOCKSTORE_STATUS_FAILED, "file");
  assert_refused(DISK_SETTINGS(below), BLOCKSTORE_STATUS_FAILED, "file/root");
  assert_refused(DISK_SETTINGS("/proc/blockstore"), BLOCKSTORE_STATUS_FAILED, "/proc/blockstore");
  free(below);
  free(file);
}

static void parents_are_made(void **state) {
  struct world *world = *state;
  char *root = host_path("%s/some/more/root", world->directory);
  struct host_setting settings[] = {{"root", root}, {"must_exist", "true"}, {NULL, NULL}};

  assert_refused(settings, BLOCKSTORE_STATUS_FAILED, "mounted?");
  assert_int_not_equal(access(root, F_OK), 0);
  host_store_close(&world->store);
  host_store_open(&world->store, "disk", DISK_SETTINGS(root));
  assert_int_equal(host_put_mutable(&world->store, "x", "kept", 4), BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&world->store, "x", "kept", 4);
  free(root);
}

static void used_directory_is_refused(void **state) {
  struct world *world = *state;

  assert_refused(DISK_SETTINGS(world->directory), BLOCKSTORE_STATUS_FAILED, "neither empty nor a store");
  assert_int_equal(count_files(world), 0);
}

static void a_store_without_its_mark_is_known(void **state) {
  struct world *world = *state;
  char *marker = host_path("%s/.blockstore-disk", world->root);

  assert_int_equal(host_put_mutable(&world->store, "x", "kept", 4), BLOCKSTORE_STATUS_OK);
  host_store_close(&world->store);
  assert_int_equal(unlink(marker), 0);
  assert_refused(DISK_SETTINGS(world->root), BLOCKSTORE_STATUS_FAILED, "write the line \"blockstore-disk 1\" into it");
  write_file(marker, "blockstore-disk 1\n");
  host_store_open(&world->store, "disk", DISK_SETTINGS(world->root));
  host_holds_mutable(&world->store, "x", "kept", 4);
}

/* What an interrupted start and mkfs leave behind is nobody's data. */
static void nearly_empty_directory_is_taken(void **state) {
  struct world *world = *state;
  char *marker = host_path("%s/.blockstore-disk", world->root), *lost = host_path("%s/lost+found", world->root);

  host_store_close(&world->store);
  assert_int_equal(unlink(marker), 0);
  assert_int_equal(mkdir(lost, 0700), 0);
  write_file(host_path("%s/.tmp/0123456789abcdef", world->root), "block");
  host_store_open(&world->store, "disk", DISK_SETTINGS(world->root));
  assert_int_equal(access(marker, F_OK), 0);
  assert_int_equal(count_files(world), 0);
  free(marker);
  free(lost);
}

static void must_exist_makes_nothing(void **state) {
  struct world *world = *state;
  char *empty = host_path("%s/empty", world->directory), *absent = host_path("%s/absent", world->directory);
  struct host_setting settings[] = {{"root", empty}, {"must_exist", "true"}, {NULL, NULL}};

  assert_int_equal(mkdir(empty, 0700), 0);
  assert_refused(settings, BLOCKSTORE_STATUS_FAILED, "is its disk mounted?");
  assert_int_equal(rmdir(empty), 0); /* still empty */
  settings[0].value = absent;
  assert_refused(settings, BLOCKSTORE_STATUS_FAILED, "is its disk mounted?");
  assert_int_not_equal(access(absent, F_OK), 0);
  settings[0].value = world->root;
  host_store_close(&world->store);
  host_store_open(&world->store, "disk", settings);
  free(empty);
  free(absent);
}

static void foreign_marker_is_refused(void **state) {
  static const char *const texts[] = {"", "blockstore-disk 2\n", "blockstore-disk 1", "blockstore-disk 1\nmore"};
  struct world *world = *state;
  char *marker = host_path("%s/.blockstore-disk", world->root);

  for (size_t i = 0; i < 4; i++) {
    write_file(strdup(marker), texts[i]);
    assert_refused(DISK_SETTINGS(world->root), BLOCKSTORE_STATUS_FAILED, "another version");
  }
  assert_int_equal(unlink(marker), 0);
  assert_int_equal(symlink("/etc/passwd", marker), 0);
  assert_refused(DISK_SETTINGS(world->root), BLOCKSTORE_STATUS_FAILED, "symbolic link");
  free(marker);
}

static void deep_root_is_refused(void **state) {
  struct world *world = *state;
  char *path = host_path("%s", world->directory), *deeper;

  for (int i = 0; i < 8; i++) {
    deeper = host_path("%s/%0220d", path, i);
    free(path);
    path = deeper;
    assert_int_equal(mkdir(path, 0700), 0);
  }
  assert_refused(DISK_SETTINGS(path), BLOCKSTORE_STATUS_FAILED, "root is too long");
  assert_int_equal(rmdir(path), 0); /* refused before anything was made in it */
  free(path);
}

static void linked_root_is_resolved(void **state) {
  struct world *world = *state;
  struct host_store other;
  char *link = host_path("%s/link", world->directory), *url;

  assert_int_equal(symlink(world->root, link), 0);
  host_store_open(&other, "disk", DISK_SETTINGS(link));
  assert_int_equal(host_put_mutable(&other, "x", "x", 1), BLOCKSTORE_STATUS_OK);
  url = host_url(&other, "x");
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_OK);
  host_store_close(&other);
  free(url);
  free(link);
}

/* Every call but handles_url and make_mutable_url says that the root is gone; none says NOT_FOUND or OK. */
static void assert_gone(struct world *world) {
  const struct blockstore_driver *driver = world->store.driver;
  struct blockstore_call *call = &world->store.call.call;
  char *url = host_url(&world->store, "absent");
  struct host_sink sink;

  host_sink_init(&sink);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(world->store.call.sentence, "gone"));
  assert_int_equal(host_get_immutable(&world->store, KEY40), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(host_put_immutable(&world->store, KEY, "x", 1), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(host_put_mutable(&world->store, "x", "x", 1), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(driver->delete_immutable_handler(world->store.self, call, KEY, NULL), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(driver->delete_mutable_handler(world->store.self, call, "x", NULL), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(driver->check(world->store.self, call, &sink.sink), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(world->store.call.sentence, "gone"));
  free(url);
}

static void deleted_root_is_missed(void **state) {
  struct world *world = *state;

  host_directory_remove(strdup(world->root));
  assert_gone(world);
}

static void replaced_root_is_missed(void **state) {
  struct world *world = *state;
  char *aside = host_path("%s/aside", world->directory);
  struct host_store other;

  assert_int_equal(rename(world->root, aside), 0);
  host_store_open(&other, "disk", DISK_SETTINGS(world->root));
  assert_gone(world);
  host_store_close(&other);
  free(aside);
}

static void lost_marker_is_missed(void **state) {
  struct world *world = *state;
  char *marker = host_path("%s/.blockstore-disk", world->root);

  assert_int_equal(unlink(marker), 0);
  assert_gone(world);
  free(marker);
}

/* A crash's leftovers go; what somebody still holds stays. */
static void leftovers_are_swept(void **state) {
  struct world *world = *state;
  char *held = host_path("%s/.tmp/00000000000000aa", world->root);
  struct host_sink sink;
  int fd;

  host_store_close(&world->store);
  write_file(host_path("%s/.tmp/00000000000000bb", world->root), "dead");
  write_file(host_path("%s/.tmp/00000000000000cc", world->root), "dead");
  write_file(strdup(held), "alive");
  fd = open(held, O_RDWR | O_CLOEXEC);
  assert_int_equal(flock(fd, LOCK_EX), 0);
  host_store_open(&world->store, "disk", DISK_SETTINGS(world->root));
  assert_int_equal(count_files(world), 1);
  assert_int_equal(access(held, F_OK), 0);
  host_sink_init(&sink);
  assert_int_equal(world->store.driver->check(world->store.self, &world->store.call.call, &sink.sink),
                   BLOCKSTORE_STATUS_OK);
  assert_non_null(strstr((char *)sink.bytes, "\"temporaries_swept\": 2"));
  host_sink_free(&sink);
  close(fd);
  free(held);
}

static void check_reports(void **state) {
  static const char *const members[] = {
      "{\"root\": \"/",     "\\\"\\\\q\"",      "\"file_system\": \"", "\"read_only\": false",
      "\"writable\": true", "\"free_bytes\": ", "\"free_files\": ",    "\"temporaries_swept\": 0}"};
  struct world *world = *state;
  char *root = host_path("%s/\"\\q", world->directory);
  struct host_store store;
  struct host_sink sink;

  host_store_open(&store, "disk", DISK_SETTINGS(root));
  host_sink_init(&sink);
  assert_int_equal(store.driver->check(store.self, &store.call.call, &sink.sink), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
    if (strstr((char *)sink.bytes, members[i]) == NULL) fail_msg("%s is not in %s", members[i], (char *)sink.bytes);
  assert_int_equal(count_files(world), 0);
  host_sink_free(&sink);
  host_store_close(&store);
  free(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      DISK_TEST(root_is_made_once),
      DISK_TEST(bad_roots_are_refused),
      DISK_TEST(parents_are_made),
      DISK_TEST(used_directory_is_refused),
      DISK_TEST(a_store_without_its_mark_is_known),
      DISK_TEST(nearly_empty_directory_is_taken),
      DISK_TEST(must_exist_makes_nothing),
      DISK_TEST(foreign_marker_is_refused),
      DISK_TEST(deep_root_is_refused),
      DISK_TEST(linked_root_is_resolved),
      DISK_TEST(deleted_root_is_missed),
      DISK_TEST(replaced_root_is_missed),
      DISK_TEST(lost_marker_is_missed),
      DISK_TEST(leftovers_are_swept),
      DISK_TEST(check_reports),
  };

  return RUN_TESTS(tests);
}
