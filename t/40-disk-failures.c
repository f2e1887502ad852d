/* SPDX-License-Identifier: MIT */
/* A put or get that fails says so with the right status and leaves nothing behind. */
#include <config.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/lib/disk-world.h"

#define SIZE ((5u << 20) + 17)

static unsigned char *bytes_of(unsigned char first) {
  unsigned char *bytes = malloc(SIZE);

  assert_non_null(bytes);
  for (size_t i = 0; i < SIZE; i++) bytes[i] = (unsigned char)(first + i % 251);
  return bytes;
}

/* The first read, one in the middle, the last; each answer is handed on as it is. */
static void failing_source_leaves_nothing(void **state) {
  static const uint64_t offsets[] = {0, 1, 1u << 20, (1u << 20) + 1, 3u << 20, SIZE - 1, SIZE};
  static const enum blockstore_status answers[] = {BLOCKSTORE_STATUS_CANCELLED, BLOCKSTORE_STATUS_TRANSIENT,
                                                   BLOCKSTORE_STATUS_FAILED};
  struct world *world = *state;
  struct blockstore_call *call = &world->store.call.call;
  unsigned char *bytes = bytes_of(0);
  struct host_source source;

  host_source_init(&source, bytes, SIZE);
  for (size_t i = 0; i < 7; i++) {
    source.fail_at = offsets[i];
    source.fail_with = answers[i % 3];
    assert_int_equal(world->store.driver->put_immutable_handler(world->store.self, call, KEY, &source.source, NULL),
                     answers[i % 3]);
    assert_int_equal(world->store.driver->put_mutable_handler(world->store.self, call, "x", 1, "", &source.source),
                     answers[i % 3]);
    assert_int_equal(count_files(world), 0);
  }
  free(bytes);
}

static void failing_source_keeps_the_old(void **state) {
  struct world *world = *state;
  struct blockstore_call *call = &world->store.call.call;
  unsigned char *old = bytes_of(1), *fresh = bytes_of(2);
  struct host_source source;

  assert_int_equal(host_put_mutable(&world->store, "x", old, SIZE), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_immutable(&world->store, KEY, old, SIZE), BLOCKSTORE_STATUS_OK);
  host_source_init(&source, fresh, SIZE);
  source.fail_at = SIZE;
  source.fail_with = BLOCKSTORE_STATUS_CANCELLED;
  assert_int_equal(world->store.driver->put_mutable_handler(world->store.self, call, "x", 2, "", &source.source),
                   BLOCKSTORE_STATUS_CANCELLED);
  assert_int_equal(world->store.driver->put_immutable_handler(world->store.self, call, KEY, &source.source, NULL),
                   BLOCKSTORE_STATUS_CANCELLED);
  source.bytes = old; /* while the present object is compared */
  assert_int_equal(world->store.driver->put_immutable_handler(world->store.self, call, KEY, &source.source, NULL),
                   BLOCKSTORE_STATUS_CANCELLED);
  host_holds_mutable(&world->store, "x", old, SIZE);
  host_holds_immutable(&world->store, KEY, old, SIZE);
  assert_int_equal(count_files(world), 2);
  free(old);
  free(fresh);
}

/* After however many looks at the clock: a put that ends CANCELLED has left nothing, and it does look often. */
static void cancelled_put_is_invisible(void **state) {
  struct world *world = *state;
  unsigned char *bytes = bytes_of(3);
  enum blockstore_status status = BLOCKSTORE_STATUS_CANCELLED;
  int looks;

  for (looks = 0; status == BLOCKSTORE_STATUS_CANCELLED && looks < 1000; looks++) {
    atomic_store(&world->store.call.looks, looks);
    status = host_put_immutable(&world->store, KEY, bytes, SIZE);
    if (status == BLOCKSTORE_STATUS_CANCELLED) assert_int_equal(count_files(world), 0);
  }
  assert_int_equal(status, BLOCKSTORE_STATUS_OK);
  assert_in_range(looks, 1 + SIZE / (1u << 20), 999);
  atomic_store(&world->store.call.looks, 0);
  assert_int_equal(host_put_immutable(&world->store, KEY, bytes, SIZE), BLOCKSTORE_STATUS_CANCELLED); /* comparing */
  assert_int_equal(host_put_mutable(&world->store, "empty", "", 0), BLOCKSTORE_STATUS_CANCELLED);
  atomic_store(&world->store.call.looks, 2);
  assert_int_equal(host_get_immutable(&world->store, KEY), BLOCKSTORE_STATUS_CANCELLED);
  free(bytes);
}

static enum blockstore_status die_while_reading(const struct blockstore_source *source, void *buffer, size_t length,
                                                uint64_t offset) {
  (void)source;
  if (offset > 0) raise(SIGKILL);
  memset(buffer, 'x', length);
  return BLOCKSTORE_STATUS_OK;
}

static void killed_put_leaves_nothing(void **state) {
  struct world *world = *state;
  struct host_source source;
  pid_t child;
  int result;

  assert_int_equal(host_put_mutable(&world->store, "x", "old", 3), BLOCKSTORE_STATUS_OK);
  child = fork();
  if (child == 0) {
    host_source_init(&source, NULL, SIZE);
    source.source.read_at = die_while_reading;
    world->store.driver->put_mutable_handler(world->store.self, &world->store.call.call, "x", 1, "", &source.source);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFSIGNALED(result));
  assert_int_equal(count_files(world), 2); /* the old one and a leftover */
  host_store_close(&world->store);
  host_store_open(&world->store, "disk", DISK_SETTINGS(world->root));
  assert_int_equal(count_files(world), 1);
  host_holds_mutable(&world->store, "x", "old", 3);
}

static void refusing_sink_is_obeyed(void **state) {
  static const size_t rooms[] = {0, 1, 1u << 20, SIZE - 1};
  struct world *world = *state;
  unsigned char *bytes = bytes_of(4);
  struct host_sink sink;

  assert_int_equal(host_put_immutable(&world->store, KEY, bytes, SIZE), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < 4; i++) {
    host_sink_init(&sink);
    sink.room = rooms[i];
    assert_int_equal(
        world->store.driver->get_immutable_handler(world->store.self, &world->store.call.call, &sink.sink, KEY),
        BLOCKSTORE_STATUS_TOO_LARGE);
    assert_true(sink.length <= rooms[i]);
    host_sink_free(&sink);
  }
  free(bytes);
}

static void descriptors_run_out(void **state) {
  struct world *world = *state;
  struct rlimit before, none;
  char *url = host_url(&world->store, "x");

  assert_int_equal(host_put_mutable(&world->store, "x", "x", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(host_put_mutable(&world->store, "x", "y", 1), BLOCKSTORE_STATUS_TRANSIENT);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  host_holds_mutable(&world->store, "x", "x", 1);
  free(url);
}

static void file_size_limit_is_too_large(void **state) {
  struct world *world = *state;
  struct rlimit before, small;
  unsigned char *bytes = bytes_of(5);

  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 1u << 20;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  assert_int_equal(host_put_immutable(&world->store, KEY, bytes, SIZE), BLOCKSTORE_STATUS_TOO_LARGE);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(count_files(world), 0);
  free(bytes);
}

/* A small file system of this process's own at `path`, or the test is skipped. */
static void mount_or_skip(const char *path, const char *options) {
  static bool own_mounts;

  own_mounts = own_mounts || (unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
  if (own_mounts && mount("tmpfs", path, "tmpfs", 0, options) == 0) return;
  skip_because("only root can mount a file system");
}

static void full_disk_is_no_space(void **state) {
  struct world *world = *state;
  char *root = host_path("%s/small", world->directory), *path;
  unsigned char *bytes = bytes_of(6);
  struct host_store store;

  assert_int_equal(mkdir(root, 0700), 0);
  mount_or_skip(root, "size=3m");
  host_store_open(&store, "disk", DISK_SETTINGS(root));
  assert_int_equal(host_put_mutable(&store, "kept", "old", 3), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_immutable(&store, KEY, bytes, SIZE), BLOCKSTORE_STATUS_NO_SPACE);
  assert_non_null(strstr(store.call.sentence, root));
  assert_int_equal(host_put_mutable(&store, "kept", bytes, SIZE), BLOCKSTORE_STATUS_NO_SPACE);
  host_holds_mutable(&store, "kept", "old", 3);
  assert_int_equal(host_get_immutable(&store, KEY), BLOCKSTORE_STATUS_NOT_FOUND);
  path = host_path("%s/.tmp", root);
  assert_int_equal(rmdir(path), 0); /* nothing is left in it */
  assert_int_equal(host_put_immutable(&store, KEY, bytes, 1u << 20), BLOCKSTORE_STATUS_OK);
  host_store_close(&store);
  assert_int_equal(umount(root), 0);
  free(bytes);
  free(root);
  free(path);
}

static void read_only_disk_is_denied(void **state) {
  struct world *world = *state;
  char *root = host_path("%s/frozen", world->directory);
  struct host_store store;
  struct host_sink sink;

  assert_int_equal(mkdir(root, 0700), 0);
  mount_or_skip(root, "size=3m");
  host_store_open(&store, "disk", DISK_SETTINGS(root));
  assert_int_equal(host_put_immutable(&store, KEY, "x", 1), BLOCKSTORE_STATUS_OK);
  host_store_close(&store);
  assert_int_equal(mount("none", root, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
  host_store_open(&store, "disk", DISK_SETTINGS(root)); /* reading needs no writing */
  host_holds_immutable(&store, KEY, "x", 1);
  assert_int_equal(host_put_immutable(&store, KEY, "x", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_put_immutable(&store, KEY40, "x", 1), BLOCKSTORE_STATUS_DENIED);
  assert_non_null(strstr(store.call.sentence, "Read-only file system"));
  assert_int_equal(host_put_mutable(&store, "x", "x", 1), BLOCKSTORE_STATUS_DENIED);
  assert_int_equal(store.driver->delete_immutable_handler(store.self, &store.call.call, KEY, NULL),
                   BLOCKSTORE_STATUS_DENIED);
  host_sink_init(&sink);
  assert_int_equal(store.driver->check(store.self, &store.call.call, &sink.sink), BLOCKSTORE_STATUS_DENIED);
  assert_non_null(strstr((char *)sink.bytes, "\"read_only\": true, \"writable\": false"));
  host_sink_free(&sink);
  host_store_close(&store);
  assert_int_equal(umount(root), 0);
  free(root);
}

static void unmounted_disk_is_missed(void **state) {
  struct world *world = *state;
  char *root = host_path("%s/mounted", world->directory);
  struct host_store store;

  assert_int_equal(mkdir(root, 0700), 0);
  mount_or_skip(root, "size=3m");
  host_store_open(&store, "disk", DISK_SETTINGS(root));
  assert_int_equal(umount2(root, MNT_DETACH), 0);
  assert_int_equal(host_get_immutable(&store, KEY), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(host_put_immutable(&store, KEY, "x", 1), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(store.call.sentence, "gone"));
  host_store_close(&store);
  assert_int_equal(rmdir(root), 0); /* nothing was written beneath the mount */
  free(root);
}

/* In a child, that root's rights may be given up: 0 when every status is as it should be. */
static int try_without_rights(struct world *world) {
  struct host_store store;
  char *root = host_path("%s/deeper", world->root), *url = host_url(&world->store, "x");

  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 1;
  if (host_put_mutable(&world->store, "x", "y", 1) != BLOCKSTORE_STATUS_DENIED) return 2;
  if (strstr(world->store.call.sentence, "Permission denied") == NULL) return 3;
  if (host_get_url(&world->store, url) != BLOCKSTORE_STATUS_DENIED) return 4;
  if (host_store_try(&store, "disk", DISK_SETTINGS(root)) != BLOCKSTORE_STATUS_DENIED) return 5;
  free(root);
  free(url);
  return 0;
}

static void set_mode(const struct world *world, const char *name, mode_t mode) {
  char *path = host_path("%s/%s", world->root, name);

  assert_int_equal(chmod(path, mode), 0);
  free(path);
}

static void forbidden_directory_is_denied(void **state) {
  struct world *world = *state;
  int result;
  pid_t child;

  need_other_users();
  assert_int_equal(host_put_mutable(&world->store, "x", "x", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(chmod(world->directory, 0755), 0);
  set_mode(world, "mutable", 0);
  set_mode(world, ".tmp", 0);
  set_mode(world, ".", 0555);
  child = fork();
  if (child == 0) _exit(try_without_rights(world));
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_int_equal(result, 0);
  set_mode(world, ".", 0700);
  set_mode(world, "mutable", 0700);
  set_mode(world, ".tmp", 0700);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      DISK_TEST(failing_source_leaves_nothing), DISK_TEST(failing_source_keeps_the_old),
      DISK_TEST(cancelled_put_is_invisible),    DISK_TEST(killed_put_leaves_nothing),
      DISK_TEST(refusing_sink_is_obeyed),       DISK_TEST(descriptors_run_out),
      DISK_TEST(file_size_limit_is_too_large),  DISK_TEST(full_disk_is_no_space),
      DISK_TEST(read_only_disk_is_denied),      DISK_TEST(unmounted_disk_is_missed),
      DISK_TEST(forbidden_directory_is_denied),
  };

  return RUN_TESTS(tests);
}
