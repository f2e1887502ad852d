/* SPDX-License-Identifier: MIT */
/* Every parser of outside bytes is fed with good documents that were damaged, always in the same way: it never crashes, and
 * what it still takes holds what it promises.  BLOCKSTORE_TEST_LONG=1: a hundred times as many. */
#include <config.h>

#include <dirent.h>

#include "t/fuzz/targets.h"
#include "t/lib/plugins.h"

#define SEEDS_MAX 32
#define LONGEST (1u << 16)

struct seeds {
  struct bs_buffer items[SEEDS_MAX];
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

static void load_seeds(struct seeds *seeds, const char *name) {
  const char *source = getenv("srcdir");
  struct bs_error error = {0};
  struct dirent *entry;
  char path[4096];
  DIR *directory;

  snprintf(path, sizeof path, "%s/t/fuzz/corpus/%s", source == NULL ? "." : source, name);
  directory = opendir(path);
  assert_non_null(directory);
  while ((entry = readdir(directory)) != NULL && seeds->count < SEEDS_MAX) {
    char *file = entry->d_name[0] == '.' ? NULL : path_in(path, entry->d_name);

    if (file != NULL) assert_ok(bs_file_read(&seeds->items[seeds->count++], file, LONGEST, &error));
    free(file);
  }
  closedir(directory);
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

static void mutate(const char *name, const struct seeds *seeds, size_t rounds) {
  bs_fuzz_target target = bs_fuzz_find(name);
  unsigned char *bytes = malloc(2 * LONGEST);

  assert_non_null(bytes);
  assert_non_null(target);
  assert_true(seeds->count > 0);
  if (getenv("BLOCKSTORE_TEST_LONG") != NULL) rounds *= 100;
  for (size_t i = 0; i < rounds; i++) {
    const struct bs_buffer *seed = &seeds->items[i % seeds->count], *other = &seeds->items[below(seeds->count)];
    size_t length = seed->length, times = i < seeds->count ? 0 : 1 + below(5);

    memcpy(bytes, seed->bytes, length);
    while (times-- > 0 && length > 0 && length < LONGEST) length = damage(bytes, length, other);
    target(bytes, length);
  }
  free(bytes);
}

static void attack(const char *name, size_t rounds) {
  struct seeds seeds = {.count = 0};

  load_seeds(&seeds, name);
  mutate(name, &seeds, rounds);
  for (size_t i = 0; i < seeds.count; i++) bs_buffer_free(&seeds.items[i]);
}

#define ATTACK(name, rounds)            \
  static void name(void **unused) {     \
    (void)unused;                       \
    attack(#name, rounds);              \
  }
ATTACK(json, 20000)
ATTACK(yaml, 3000)
ATTACK(user, 10000)
ATTACK(route, 3000)
ATTACK(mutable, 5000)
ATTACK(metadata, 20000)
ATTACK(transaction, 10000)
ATTACK(payload, 20000)
ATTACK(operation, 20000)
ATTACK(key, 3000)
ATTACK(blocks, 60)

static void note(void **unused) {
  struct seeds seeds = {.count = 1};

  (void)unused;
  read_module(&seeds.items[0], "good");
  if (seeds.items[0].length > LONGEST) seeds.items[0].length = LONGEST;
  mutate("note", &seeds, 2000);
  for (size_t i = 0; i < 20000; i++) { /* the headers, of which there are few */
    size_t at = below(2) == 0 ? below(64) : below(64 + 56 * 12);
    unsigned char kept = seeds.items[0].bytes[at];

    seeds.items[0].bytes[at] = (unsigned char)below(256);
    bs_fuzz_find("note")(seeds.items[0].bytes, seeds.items[0].length);
    seeds.items[0].bytes[at] = kept;
  }
  bs_buffer_free(&seeds.items[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json),     cmocka_unit_test(yaml), cmocka_unit_test(user),        cmocka_unit_test(route),   cmocka_unit_test(mutable),
      cmocka_unit_test(metadata), cmocka_unit_test(note), cmocka_unit_test(transaction), cmocka_unit_test(payload), cmocka_unit_test(operation),
      cmocka_unit_test(key),      cmocka_unit_test(blocks),
  };

  setenv("HOME", "/nonexistent", 1); /* what a config leaves open comes from there */
  return RUN_TESTS(tests);
}
