/* SPDX-License-Identifier: MIT */
/* A route's URL is an enemy's text: it reads this store's mutable objects or nothing. */
#include <config.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "t/lib/disk-world.h"

static enum blockstore_status handles(struct world *world, const char *url) {
  return world->store.driver->handles_url(world->store.self, &world->store.call.call, url);
}

static void url_is_the_file(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "0a8ce26f:foo.test:/Bar");
  char *expected = host_path("file://%s/mutable/7f/5e/0a8ce26f%%253Afoo.test%%253A%%252F%%2542ar", world->root);

  assert_string_equal(url, expected);
  free(url);
  free(expected);
}

static void equal_urls_are_handled(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "datum");
  char *equal[] = {host_path("FILE://%s", url + 7), host_path("file://localhost%s", url + 7),
                   host_path("file://LocalHost%s", url + 7),
                   host_path("file://%.*s%%64atum", (int)(strlen(url) - 12), url + 7)};

  assert_int_equal(host_put_mutable(&world->store, "datum", "x", 1), BLOCKSTORE_STATUS_OK);
  for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++) {
    if (handles(world, equal[i]) != BLOCKSTORE_STATUS_OK) fail_msg("not handled: %s", equal[i]);
    assert_int_equal(host_get_url(&world->store, equal[i]), BLOCKSTORE_STATUS_OK);
    free(equal[i]);
  }
  free(url);
}

/* What follows the root in a URL, or (the second list) the whole URL, R standing for the root. */
static void foreign_urls_are_refused(void **state) {
  static const char *const tails[] = {"",
                                      "/",
                                      "/mutable",
                                      "/mutable/",
                                      "/mutable/ab/cd",
                                      "/mutable/ab/cd/",
                                      "/mutable/ab/cd/.",
                                      "/mutable/ab/cd/..",
                                      "/mutable/ab/cd/../cd/x",
                                      "/mutable/../mutable/ab/cd/x",
                                      "/mutable/ab/cd/%2e%2e",
                                      "/mutable/ab/cd/.x",
                                      "/mutable/%2e%2e/ab/x",
                                      "/mutable/ab/cd/..%2f..%2f..%2f.blockstore-disk",
                                      "/mutable/ab%2fcd/x",
                                      "/mutable/ab/cd/x%2Fy",
                                      "/mutable/ab/cd/x/y",
                                      "/mutable//ab/cd/x",
                                      "/mutable/ab//x",
                                      "/mutable/ab/cd//x",
                                      "//mutable/ab/cd/x",
                                      "/mutable/AB/cd/x",
                                      "/mutable/abc/d/x",
                                      "/mutable/ag/cd/x",
                                      "/mutable/ab/cd/x?y",
                                      "/mutable/ab/cd/x#y",
                                      "/mutable/ab/cd/x%00",
                                      "/mutable/ab/cd/x%0",
                                      "/mutable/ab/cd/x%",
                                      "/mutable/ab/cd/x y",
                                      "/mutable/ab/cd/x%20y",
                                      "/mutable/ab/cd/x\\y",
                                      "/mutable/ab/cd/X",
                                      "/mutable/ab/cd/\xc3\xa9",
                                      "/mutable/ab/cd/%C3%A9",
                                      "/mutable/ab/cd/x:y",
                                      ("/immutable/ab/34/" KEY),
                                      "/.blockstore-disk",
                                      "/.tmp/0123456789abcdef",
                                      "x/mutable/ab/cd/x",
                                      "/mutable/ab/cd/~"};
  static const char *const shapes[] = {"%s/mutable/ab/cd/x",
                                       "file:%s/mutable/ab/cd/x",
                                       "file:/%s/mutable/ab/cd/x/",
                                       "file:///%s/mutable/ab/cd/x",
                                       "file://example.org%s/mutable/ab/cd/x",
                                       "file://127.0.0.1%s/mutable/ab/cd/x",
                                       "file://localhost:80%s/mutable/ab/cd/x",
                                       "file://user@localhost%s/mutable/ab/cd/x",
                                       "file://localhostx%s/mutable/ab/cd/x",
                                       "file://.%s/mutable/ab/cd/x",
                                       "http://localhost%s/mutable/ab/cd/x",
                                       "files://%s/mutable/ab/cd/x",
                                       " file://%s/mutable/ab/cd/x",
                                       "file:///tmp/..%s/mutable/ab/cd/x",
                                       "file:///.%s/mutable/ab/cd/x",
                                       "file:///proc/self/root%s/mutable/ab/cd/x",
                                       "file:///etc/passwd",
                                       "file:///",
                                       "file://",
                                       "file:",
                                       ""};
  struct world *world = *state;
  size_t tail_count = sizeof tails / sizeof tails[0], shape_count = sizeof shapes / sizeof shapes[0];

  for (size_t i = 0; i < tail_count + shape_count; i++) {
    const char *shape = i < tail_count ? "" : shapes[i - tail_count];
    const char *mark = strstr(shape, "%s");
    char *url = i < tail_count ? host_path("file://%s%s", world->root, tails[i])
                : mark == NULL ? host_path("%s", shape)
                               : host_path("%.*s%s%s", (int)(mark - shape), shape, world->root, mark + 2);

    if (handles(world, url) != BLOCKSTORE_STATUS_UNHANDLED_URL) fail_msg("handled: %s", url);
    assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_UNHANDLED_URL);
    free(url);
  }
}

static void endless_urls_are_refused(void **state) {
  struct world *world = *state;
  char *name = malloc(100001), *url;

  assert_non_null(name);
  memset(name, 'x', 100000);
  name[100000] = '\0';
  url = host_path("file://%s/mutable/ab/cd/%s", world->root, name);
  assert_int_equal(handles(world, url), BLOCKSTORE_STATUS_UNHANDLED_URL);
  url[strlen("file://") + strlen(world->root) + strlen("/mutable/ab/cd/") + 201] = '\0';
  assert_int_equal(handles(world, url), BLOCKSTORE_STATUS_UNHANDLED_URL);
  url[strlen("file://") + strlen(world->root) + strlen("/mutable/ab/cd/") + 200] = '\0';
  assert_int_equal(handles(world, url), BLOCKSTORE_STATUS_OK);
  free(name);
  free(url);
}

static void make_directory(char *path) {
  assert_int_equal(mkdir(path, 0700), 0);
  free(path);
}

static void links_are_not_followed(void **state) {
  struct world *world = *state;
  char *outside = host_path("%s/outside/cd", world->directory);
  char *leaf = host_path("%s/mutable/ab/cd", world->root), *link = host_path("%s/link", leaf);
  char *url = host_path("file://%s/link", leaf);

  /* The last component, then the directory above it, then the one above that. */
  make_directory(host_path("%s/outside", world->directory));
  assert_int_equal(mkdir(outside, 0700), 0);
  write_file(host_path("%s/link", outside), "secret");
  make_directory(host_path("%s/mutable", world->root));
  make_directory(host_path("%s/mutable/ab", world->root));
  assert_int_equal(mkdir(leaf, 0700), 0);
  assert_int_equal(symlink("../../../../outside/cd/link", link), 0);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(world->store.call.sentence, "symbolic link"));
  assert_int_equal(unlink(link), 0);
  assert_int_equal(rmdir(leaf), 0);
  assert_int_equal(symlink(outside, leaf), 0);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(unlink(leaf), 0);
  leaf[strlen(leaf) - 3] = '\0';
  assert_int_equal(rmdir(leaf), 0);
  assert_int_equal(symlink("../../outside", leaf), 0);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_FAILED);
  free(outside);
  free(leaf);
  free(link);
  free(url);
}

static void puts_follow_no_links(void **state) {
  struct world *world = *state;
  char *outside = host_path("%s/outside", world->directory), *area = host_path("%s/immutable", world->root);

  assert_int_equal(mkdir(outside, 0700), 0);
  assert_int_equal(symlink(outside, area), 0);
  assert_int_equal(host_put_immutable(&world->store, KEY, "x", 1), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(rmdir(outside), 0); /* still empty */
  free(outside);
  free(area);
}

static void only_regular_files_are_read(void **state) {
  struct world *world = *state;
  char *url = host_url(&world->store, "x");
  char *path = host_path("%s", url + 7);

  assert_int_equal(host_put_mutable(&world->store, "x", "x", 1), BLOCKSTORE_STATUS_OK);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_FAILED);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_FAILED);
  assert_non_null(strstr(world->store.call.sentence, "regular file"));
  assert_int_equal(host_put_mutable(&world->store, "x", "x", 1), BLOCKSTORE_STATUS_FAILED);
  free(url);
  free(path);
}

static void stores_keep_apart(void **state) {
  struct world *world = *state;
  struct host_store other;
  char *root = host_path("%s/store 2 \xc3\xa9%%", world->directory), *url, *foreign;

  host_store_open(&other, "disk", DISK_SETTINGS(root));
  assert_int_equal(host_put_mutable(&other, "x", "other", 5), BLOCKSTORE_STATUS_OK);
  host_holds_mutable(&other, "x", "other", 5);
  url = host_url(&other, "x");
  assert_non_null(strstr(url, "/store%202%20%C3%A9%25/mutable/"));
  assert_int_equal(host_get_url(&world->store, url), BLOCKSTORE_STATUS_UNHANDLED_URL);
  foreign = host_url(&world->store, "x");
  assert_int_equal(host_get_url(&world->store, foreign), BLOCKSTORE_STATUS_NOT_FOUND);
  assert_int_equal(host_get_url(&other, foreign), BLOCKSTORE_STATUS_UNHANDLED_URL);
  host_store_close(&other);
  free(root);
  free(url);
  free(foreign);
}

/* From here on this process is one that may not call openat2. */
static void openat2_is_taken_away(void **state) {
#ifdef SYS_openat2
  struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1 /* EPERM */),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

  (void)state;
  /* If not, the second round of tests is like the first. */
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    skip_because("seccomp cannot be used here");
  assert_int_equal(syscall(SYS_openat2, -1, "", NULL, 0), -1);
#else
  (void)state; /* never known here */
#endif
}

#define URL_TESTS                                                                                                      \
  DISK_TEST(url_is_the_file), DISK_TEST(equal_urls_are_handled), DISK_TEST(foreign_urls_are_refused),                  \
      DISK_TEST(endless_urls_are_refused), DISK_TEST(links_are_not_followed), DISK_TEST(puts_follow_no_links),         \
      DISK_TEST(only_regular_files_are_read), DISK_TEST(stores_keep_apart)

int main(void) {
  const struct CMUnitTest tests[] = {URL_TESTS, cmocka_unit_test(openat2_is_taken_away), URL_TESTS};

  return RUN_TESTS(tests);
}
