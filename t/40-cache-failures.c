/* SPDX-License-Identifier: MIT */
/* Whose a cache is, what of it is refused, and that a cache that cannot be used fails no call. */
#include <config.h>

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "t/lib/cache-world.h"

#define SIZE_TEXT "1073741824"

/* ---- whose it is ---- */

static void refuses(struct world *world, struct below *below, const char *directory, const char *sentence) {
  struct host_store store;

  assert_int_equal(try_cache(&store, world, below, directory, SIZE_TEXT, "0"), BLOCKSTORE_STATUS_FAILED);
  if (strstr(store.call.sentence, sentence) == NULL) fail_msg("%s", store.call.sentence);
  assert_non_null(strstr(store.call.sentence, directory));
  assert_null(store.self);
}

static void another_store_is_refused(void **state) {
  struct world *world = *state;
  struct below other;

  below_init(&other, "below://two/");
  refuses(world, &other, world->cache,
          "This is the cache of another store, below://one/blockstore-cache, and not of below://two/blockstore-cache: give");
  other.place = "below://one/";
  host_store_close(&world->store);
  assert_int_equal(try_cache(&world->store, world, &other, world->cache, SIZE_TEXT, "0"), BLOCKSTORE_STATUS_OK);
}

static void stores_without_urls_are_one(void **state) {
  static const enum blockstore_status statuses[] = {BLOCKSTORE_STATUS_UNSUPPORTED, BLOCKSTORE_STATUS_NOT_FOUND,
                                                    BLOCKSTORE_STATUS_UNHANDLED_URL};
  struct world *world = *state;
  char *directory = host_path("%s/second", world->directory);
  struct datum datum = make_datum(100, 1);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  for (int i = 0; i < 3; i++) {
    world->below.url_status = statuses[i];
    refuses(world, &world->below, world->cache, "another store, below://one/blockstore-cache, and not of -");
    host_store_close(&world->store);
    assert_int_equal(try_cache(&world->store, world, &world->below, directory, SIZE_TEXT, "0"), BLOCKSTORE_STATUS_OK);
    gets_datum(world, datum.key, &datum, i == 0);
  }
  free(directory);
  free(datum.bytes);
}

/* A store that cannot say which one it is now: without the cache, and told. */
static void a_store_that_does_not_tell(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(100, 1);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  world->below.url_status = BLOCKSTORE_STATUS_TRANSIENT;
  reopen_cache(world, SIZE_TEXT, "3600000");
  assert_int_equal(atomic_load(&warnings), 1);
  assert_non_null(strstr(warning, "the store does not tell which one it is: It has no URL."));
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(count_taken(world, true).files, 0);
  free(datum.bytes);
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");

  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void what_is_no_cache_is_refused(void **state) {
  struct world *world = *state;
  char *mark = host_path("%s/.blockstore-cache", world->cache), *other = host_path("%s/other", world->directory);
  char *file = host_path("%s/file", other), *beneath = host_path("%s/beneath", file);
  char *link = host_path("%s/link", world->directory);

  assert_int_equal(mkdir(other, 0700), 0);
  write_text(file, "somebody's");
  refuses(world, &world->below, other, "neither empty nor a cache");
  refuses(world, &world->below, file, "Not a directory");
  refuses(world, &world->below, beneath, "Not a directory");
  assert_int_equal(symlink("nowhere", link), 0);
  refuses(world, &world->below, link, "No such file");
  write_text(mark, "blockstore-cache 2\nwhat\n");
  refuses(world, &world->below, world->cache, "another version of the filter, or this file is damaged");
  write_text(mark, "");
  refuses(world, &world->below, world->cache, "another version of the filter, or this file is damaged");
  assert_int_equal(unlink(mark), 0);
  assert_int_equal(symlink(file, mark), 0);
  refuses(world, &world->below, world->cache, "symbolic links");
  assert_int_equal(atomic_load(&warnings), 0);
  free(mark);
  free(other);
  free(file);
  free(beneath);
  free(link);
}

/* Made with its parents, for nobody else to look into. */
static void it_is_made(void **state) {
  struct world *world = *state;
  char *directory = host_path("%s/a/b/c", world->directory);
  struct stat status;
  struct host_store store;

  assert_int_equal(try_cache(&store, world, &world->below, directory, SIZE_TEXT, "0"), BLOCKSTORE_STATUS_OK);
  host_store_close(&store);
  assert_int_equal(stat(directory, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0700);
  free(directory);
}

/* ---- failures ---- */

/* All that a store answers, through a cache that does nothing. */
static void works_without(struct world *world) {
  static unsigned seed = 1000;
  struct datum datum = make_datum(300000, seed++);
  char *url = host_url(&world->store, "x");

  assert_int_equal(host_put_immutable(&world->store, datum.key, datum.bytes, datum.size), BLOCKSTORE_STATUS_OK);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(host_put_mutable(&world->store, "x", "first", 5), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "first", 1);
  assert_int_equal(host_put_mutable(&world->store, "x", "second", 6), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "second", 1);
  assert_int_equal(world->store.driver->delete_mutable_handler(world->store.self, &world->store.call.call, "x", ""),
                   BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_int_equal(world->store.driver->delete_immutable_handler(world->store.self, &world->store.call.call, datum.key, NULL),
                   BLOCKSTORE_STATUS_OK);
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  free(url);
  free(datum.bytes);
}

/* A small file system of this process's own at `path`, or the test is skipped. */
static void mount_or_skip(const char *path, const char *options) {
  static bool own_mounts;

  own_mounts = own_mounts || (unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
  if (own_mounts && mount("tmpfs", path, "tmpfs", 0, options) == 0) return;
  skip_because("only root can mount a file system");
}

static void a_full_disk(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(600000, 1), small = make_datum(100, 2);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  add_item(&world->below, small.key, small.bytes, small.size);
  host_store_close(&world->store);
  host_directory_remove(strdup(world->cache));
  assert_int_equal(mkdir(world->cache, 0700), 0);
  mount_or_skip(world->cache, "size=512k");
  open_cache(&world->store, world, SIZE_TEXT, "3600000");
  gets_datum(world, small.key, &small, 1);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, small.key, &small, 0); /* what is there is used */
  assert_int_equal(host_put_immutable(&world->store, datum.key, datum.bytes, datum.size), BLOCKSTORE_STATUS_OK);
  assert_int_equal(atomic_load(&warnings), 1);
  assert_non_null(strstr(warning, "Nothing can be kept, and the store is asked instead: No space left on device"));
  assert_int_equal(count_taken(world, true).files, 1);
  host_store_close(&world->store);
  assert_int_equal(umount(world->cache), 0);
  free(datum.bytes);
  free(small.bytes);
}

/* Not even the first file can be written. */
static void a_disk_that_is_full_from_the_start(void **state) {
  struct world *world = *state;

  host_store_close(&world->store);
  host_directory_remove(strdup(world->cache));
  assert_int_equal(mkdir(world->cache, 0700), 0);
  mount_or_skip(world->cache, "nr_inodes=1");
  open_cache(&world->store, world, SIZE_TEXT, "3600000");
  works_without(world);
  assert_int_equal(atomic_load(&warnings), 1);
  host_store_close(&world->store);
  assert_int_equal(umount(world->cache), 0);
}

static void a_read_only_disk(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(600000, 1);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  host_store_close(&world->store);
  host_directory_remove(strdup(world->cache));
  assert_int_equal(mkdir(world->cache, 0700), 0);
  mount_or_skip(world->cache, "size=3m");
  open_cache(&world->store, world, SIZE_TEXT, "3600000");
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(host_put_mutable(&world->store, "x", "old", 3), BLOCKSTORE_STATUS_OK);
  gets_record(world, "x", "old", 1);
  host_store_close(&world->store);
  assert_int_equal(mount("none", world->cache, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
  open_cache(&world->store, world, SIZE_TEXT, "3600000");
  gets_datum(world, datum.key, &datum, 0); /* reading needs no writing */
  works_without(world);
  assert_int_equal(atomic_load(&warnings), 1);
  gets_datum(world, datum.key, &datum, 1); /* what cannot be dropped is not trusted */
  host_store_close(&world->store);
  assert_int_equal(umount(world->cache), 0);
  free(datum.bytes);
}

/* In a child, that root's rights may be given up. */
static int try_without_rights(struct world *world) {
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 1;
  works_without(world);
  if (atomic_load(&warnings) != 1) return 2;
  atomic_store(&warnings, 0);
  reopen_cache(world, SIZE_TEXT, "3600000");
  works_without(world);
  return atomic_load(&warnings) == 1 ? 0 : 3;
}

static void a_directory_without_rights(void **state) {
  struct world *world = *state;
  int result;
  pid_t child;

  need_other_users();
  assert_int_equal(chmod(world->directory, 0755), 0);
  assert_int_equal(chmod(world->cache, 0), 0);
  child = fork();
  if (child == 0) _exit(try_without_rights(world));
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_int_equal(result, 0);
  assert_int_equal(chmod(world->cache, 0700), 0);
  assert_int_equal(count_taken(world, true).files, 0);
}

static void descriptors_run_out(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);
  struct rlimit before, none;

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  gets_datum(world, datum.key, &datum, 1);
  works_without(world);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(atomic_load(&warnings), 1);
  free(datum.bytes);
}

/* The tally can be opened, and no more. */
static void a_value_that_cannot_be_dropped_is_not_handed_out(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);
  struct rlimit before, one;
  int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

  assert_true(lowest >= 0);
  close(lowest);
  assert_int_equal(host_put_immutable(&world->store, datum.key, datum.bytes, datum.size), BLOCKSTORE_STATUS_OK);
  gets_datum(world, datum.key, &datum, 0);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  one = before;
  one.rlim_cur = (rlim_t)lowest + 1;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &one), 0);
  assert_int_equal(world->store.driver->delete_immutable_handler(world->store.self, &world->store.call.call, datum.key, NULL),
                   BLOCKSTORE_STATUS_OK);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(host_get_immutable(&world->store, datum.key), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_int_equal(atomic_load(&warnings), 1);
  free(datum.bytes);
}

static void files_may_not_be_large(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(200000, 1);
  struct rlimit before, small;

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 100000;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(count_taken(world, true).files, 0);
  assert_int_equal(atomic_load(&warnings), 1);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 0);
  free(datum.bytes);
}

/* It may be emptied while it is used; when the directory itself is gone, so is the cache. */
static void somebody_removes_it(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(1000, 1);
  char *path = host_path("%s/tally", world->cache), *folder = host_path("%s/immutable", world->cache);

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  assert_int_equal(unlink(path), 0);
  host_directory_remove(folder);
  gets_datum(world, datum.key, &datum, 1);
  gets_datum(world, datum.key, &datum, 0);
  assert_int_equal(atomic_load(&warnings), 0);
  host_directory_remove(strdup(world->cache));
  gets_datum(world, datum.key, &datum, 1);
  works_without(world);
  assert_int_equal(atomic_load(&warnings), 1);
  free(path);
  free(datum.bytes);
}

static void a_call_that_is_over_is_told_so(void **state) {
  struct world *world = *state;
  struct datum datum = make_datum(20u << 20, 1);
  enum blockstore_status status = BLOCKSTORE_STATUS_CANCELLED;
  int looks;

  add_item(&world->below, datum.key, datum.bytes, datum.size);
  gets_datum(world, datum.key, &datum, 1);
  for (looks = 0; status == BLOCKSTORE_STATUS_CANCELLED && looks < 1000; looks++) {
    atomic_store(&world->store.call.looks, looks);
    status = host_get_immutable(&world->store, datum.key);
  }
  assert_int_equal(status, BLOCKSTORE_STATUS_OK);
  assert_in_range(looks, 2 * 20, 100);
  atomic_store(&world->store.call.looks, -1);
  assert_int_equal(atomic_load(&world->below.asked), 1);
  gets_datum(world, datum.key, &datum, 0);
  free(datum.bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CACHE_TEST(another_store_is_refused),
      CACHE_TEST(stores_without_urls_are_one),
      CACHE_TEST(a_store_that_does_not_tell),
      CACHE_TEST(what_is_no_cache_is_refused),
      CACHE_TEST(it_is_made),
      CACHE_TEST(a_full_disk),
      CACHE_TEST(a_disk_that_is_full_from_the_start),
      CACHE_TEST(a_read_only_disk),
      CACHE_TEST(a_directory_without_rights),
      CACHE_TEST(descriptors_run_out),
      CACHE_TEST(a_value_that_cannot_be_dropped_is_not_handed_out),
      CACHE_TEST(files_may_not_be_large),
      CACHE_TEST(somebody_removes_it),
      CACHE_TEST(a_call_that_is_over_is_told_so),
  };

  return RUN_TESTS(tests);
}
