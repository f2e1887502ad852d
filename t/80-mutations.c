/* SPDX-License-Identifier: MIT */
/* What the fuzzers are aimed at (t/fuzz/targets.h) is fed with their corpus, and with damaged pieces of it, always in the same
 * way: it never crashes, and what it still takes holds what it promises.  BLOCKSTORE_TEST_LONG=1: a hundred times as many;
 * BLOCKSTORE_TEST_BRIEF=1: an eighth. */
#include <config.h>

#include <dirent.h>
#include <elf.h>

#include "t/fuzz/targets.h"
#include "t/lib/plugins.h"

#define LONGEST (1u << 16)

struct seeds {
  struct bs_buffer *items;
  size_t count;
};

/* xorshift64*, so that a failure comes again. */
static uint64_t state = 88172645463325252u;
static size_t below(size_t limit) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return limit == 0 ? 0 : (size_t)((state * 2685821657736338717u) >> 33) % limit;
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static void load_seeds(struct seeds *seeds, const char *name) {
  const char *source = getenv("srcdir");
  struct bs_error error = {0};
  struct dirent **entries;
  char path[4096];
  int count;

  snprintf(path, sizeof path, "%s/t/fuzz/corpus/%s", source == NULL ? "." : source, name);
  count = scandir(path, &entries, is_visible, alphasort);
  assert_true(count > 0);
  seeds->items = calloc((size_t)count, sizeof *seeds->items);
  assert_non_null(seeds->items);
  for (seeds->count = 0; seeds->count < (size_t)count; seeds->count++) {
    char *file = path_in(path, entries[seeds->count]->d_name);

    assert_ok(bs_file_read(&seeds->items[seeds->count], file, LONGEST, &error));
    free(file);
    free(entries[seeds->count]);
  }
  free(entries);
}

static void free_seeds(struct seeds *seeds) {
  for (size_t i = 0; i < seeds->count; i++) bs_buffer_free(&seeds->items[i]);
  free(seeds->items);
}

/* One damage: a bit, a byte, a run removed, doubled or taken from another seed, a number made extreme. */
static size_t damage(unsigned char *bytes, size_t length, const struct bs_buffer *other) {
  static const unsigned char telling[] = {0, 1, 0x7f, 0x80, 0xff, '"', '\\', '{', '[', ']', '}', ':', ',', '\n', ' ', '-', '9'};
  size_t at = below(length), run = 1 + below(length - at < 16 ? length - at : 16), from = below(other->length);

  if (length == 0) return 0;
  if (run > length - at) run = length - at;
  switch (below(6)) {
  case 0: bytes[at] ^= (unsigned char)(1u << below(8)); return length;
  case 1: bytes[at] = telling[below(sizeof telling)]; return length;
  case 2: memmove(bytes + at, bytes + at + run, length - at - run); return length - run;
  case 3: memmove(bytes + at + run, bytes + at, length - at); return length + run;
  case 4: memset(bytes + at, below(2) == 0 ? 0 : 0xff, run); return length;
  default:
    if (run > other->length - from) run = other->length - from;
    if (run > 0) memcpy(bytes + at, other->bytes + from, run < length - at ? run : length - at);
    return length;
  }
}

static size_t rounds_of(size_t rounds) {
  if (getenv("BLOCKSTORE_TEST_LONG") != NULL) return 100 * rounds;
  return getenv("BLOCKSTORE_TEST_BRIEF") != NULL ? rounds / 8 : rounds;
}

/* Each seed as it is, which also says that what was once found stays mended; then damaged ones. */
static void mutate(const struct bs_fuzz_target *target, const struct seeds *seeds, unsigned char *bytes) {
  for (size_t i = 0; i < seeds->count + rounds_of(target->rounds); i++) {
    const struct bs_buffer *seed = &seeds->items[i < seeds->count ? i : below(seeds->count)];
    const struct bs_buffer *other = &seeds->items[below(seeds->count)];
    size_t length = seed->length, times = i < seeds->count ? 0 : 1 + below(5);

    if (length > 0) memcpy(bytes, seed->bytes, length);
    while (times-- > 0 && length > 0 && length < LONGEST) length = damage(bytes, length, other);
    target->run(bytes, length);
  }
}

static void attack(void **target) {
  unsigned char *bytes = malloc(2 * LONGEST);
  struct seeds seeds;

  alarm(600); /* for each anew: far more than any takes under valgrind on a busy machine */
  assert_non_null(bytes);
  load_seeds(&seeds, ((const struct bs_fuzz_target *)*target)->name);
  mutate(*target, &seeds, bytes);
  free_seeds(&seeds);
  free(bytes);
}

/* A driver of this machine, damaged in its headers, which are few among its bytes. */
static void headers(void **unused) {
  struct bs_buffer file = BS_BUFFER_INIT;

  (void)unused;
  read_module(&file, "good");
  for (size_t i = 0; i < rounds_of(20000); i++) {
    size_t at = SELFMAG + below(below(2) == 0 ? 60 : 60 + 56 * 12);
    unsigned char kept = file.bytes[at];

    file.bytes[at] = (unsigned char)below(256);
    bs_fuzz_find("note")->run(file.bytes + SELFMAG, file.length < LONGEST ? file.length - SELFMAG : LONGEST);
    file.bytes[at] = kept;
  }
  bs_buffer_free(&file);
}

/* Seeds of a target that was renamed would be run by nobody. */
static void each_folder_is_a_target(void **unused) {
  const char *source = getenv("srcdir");
  char *corpus = path_in(source == NULL ? "." : source, "t/fuzz/corpus");
  struct dirent **folders;
  int count = scandir(corpus, &folders, is_visible, alphasort);

  (void)unused;
  assert_true(count > 0);
  for (int i = 0; i < count; i++) {
    if (bs_fuzz_find(folders[i]->d_name) == NULL) fail_msg("There is no target %s", folders[i]->d_name);
    free(folders[i]);
  }
  free(folders);
  free(corpus);
}

/* ---- the list ---- */

#define TARGETS_MAX 32

int main(void) {
  struct CMUnitTest tests[2 + TARGETS_MAX] = {cmocka_unit_test(each_folder_is_a_target), cmocka_unit_test(headers)};
  size_t count = 2;

  for (const struct bs_fuzz_target *target = bs_fuzz_targets; target->name != NULL; target++) {
    if (count == sizeof tests / sizeof tests[0]) return EXIT_FAILURE; /* TARGETS_MAX is too low */
    tests[count++] = (struct CMUnitTest){target->name, attack, NULL, NULL, (void *)(uintptr_t)target};
  }
  setenv("HOME", "/nonexistent", 1); /* what a config leaves open comes from there */
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return _cmocka_run_group_tests(__FILE__, tests, count, NULL, NULL);
}
