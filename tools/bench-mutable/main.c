/* SPDX-License-Identifier: MIT */
/*
 * bench-mutable ROUNDS small|large|isolated: mutable data through the library, each figure beside its floor, in turns of the
 * same run; for tools/bench.  Works in the current directory: the ledger state/ledger.db, and a key, `key`, that owns
 * bench.id and bench-0.id to bench-19.id; for `large` the data `large` of bench.id, 48 MiB.  isolated: immutable data, by way
 * of a store whose driver is isolated.
 */
#include <config.h>

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <blockstore/blockstore.h>

#include "tools/bench-mutable/bench.h"

#define LARGE ((size_t)48 << 20) /* of data: 64 MiB of record */
#define ISOLATED ((size_t)64 << 20)

#define NAMES 20 /* more than the 16 user records that a session keeps */
#define IDS 10   /* of each name, read once in a session: its signatures are new there */

static size_t rounds;
static const size_t turns = 200, slow_turns = 40;

void bench_die(const char *what) {
  fprintf(stderr, "bench-mutable: failed: %s\n", what);
  exit(1); /* NOLINT(concurrency-mt-unsafe): whatever the other threads do */
}

static void check(enum blockstore_result result, struct blockstore_error **error) {
  if (result != BLOCKSTORE_DONE) bench_die(*error == NULL ? "memory" : blockstore_error_message(*error));
}
#define CHECK(call)                        \
  do {                                     \
    struct blockstore_error *error = NULL; \
    check((call), &error);                 \
  } while (0)

/* ---- timing ---- */

static double now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_batch(bench_work work, void *user, size_t count, size_t *turn) {
  double from = now_us();

  for (size_t i = 0; i < count; i++) work(user, (*turn)++);
  return (now_us() - from) / (double)count;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static double median(double *figures) {
  qsort(figures, rounds, sizeof *figures, compare_doubles);
  return figures[rounds / 2];
}

struct figure {
  const char *what;
  bench_work work;
  void *user;
  void (*prepare)(size_t count); /* before each round, not timed; NULL: nothing */
  const char *floor_what;
  bench_work floor;
  void *floor_user;
  size_t count; /* turns of a round */
  const char *reach;
};

/* A figure and its floor, in turns. */
static void compare(const struct figure *figure) {
  double *ours = calloc(rounds, sizeof *ours), *floors = calloc(rounds, sizeof *floors), a, b;
  size_t turn = 1, floor_turn = 1;

  if (ours == NULL || floors == NULL) bench_die("memory");
  for (size_t i = 0; i < rounds; i++) {
    if (figure->prepare != NULL) figure->prepare(figure->count);
    ours[i] = time_batch(figure->work, figure->user, figure->count, &turn);
    floors[i] = time_batch(figure->floor, figure->floor_user, figure->count, &floor_turn);
  }
  a = median(ours);
  b = median(floors);
  printf("%-56s %9.1f us (%.1f-%.1f)\n  floor: %-47s %9.1f us (%.1f-%.1f)\n  %.2f of the floor's speed (reach: %s)\n\n",
         figure->what, a, ours[0], ours[rounds - 1], figure->floor_what, b, floors[0], floors[rounds - 1], b / a, figure->reach);
  free(ours);
  free(floors);
}

/* ---- the library ---- */

static struct blockstore_key *key;

/* more: of the store, "isolate: true" and the like. */
static struct blockstore *open_session_with(const char *state, const char *max_age, const char *more) {
  struct blockstore_config *config = NULL;
  struct blockstore *session = NULL;
  FILE *file = fopen("session.yaml", "w");

  if (file == NULL) bench_die("session.yaml");
  fprintf(file, "state_dir: %s\nnames: {ledger: state/ledger.db, max_age: %s}\nstores: [{name: laptop, driver: disk, "
          "root: data%s}]\n", state, max_age, more);
  if (fclose(file) != 0) bench_die("session.yaml");
  CHECK(blockstore_get_config(&config, "session.yaml", &error));
  CHECK(blockstore_session(config, &session, NULL, 0, &error));
  blockstore_config_free(config);
  return session;
}

static struct blockstore *open_session(const char *state, const char *max_age) {
  return open_session_with(state, max_age, "");
}

static void put(struct blockstore *session, const char *name, const char *id, const void *data, size_t length) {
  struct blockstore_input *input = blockstore_input_from_memory(data, length);

  CHECK(blockstore_put_mutable(session, NULL, name, id, input, key, NULL, &error));
  blockstore_input_free(input);
}

static void get(struct blockstore *session, const char *name, const char *id) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_record *record = NULL;

  CHECK(blockstore_get_mutable(session, output, &record, name, id, NULL, &error));
  blockstore_record_free(record);
  blockstore_output_free(output);
}

static struct blockstore *writer; /* of another user: with a state directory of its own */

static void id_of(char id[32], size_t turn, size_t count) {
  snprintf(id, 32, "datum-%zu", turn % count);
}

/* A new version of each datum, which the reader has not seen. */
static void put_unseen(size_t count) {
  char id[32], data[1024] = "";

  for (size_t i = 0; i < count; i++) {
    id_of(id, i, count);
    put(writer, "bench-0.id", id, data, sizeof data);
  }
}

static struct blockstore *fresh; /* has verified nothing but one record of another name */

static void open_fresh(size_t count) {
  (void)count;
  blockstore_close(fresh);
  fresh = open_session("state", "0s");
  get(fresh, "bench.id", "datum"); /* drivers and files are open */
}

/* ---- what is timed; user: the session ---- */

/* Name and user record are read anew each time. */
static void get_of_many(void *user, size_t turn) {
  char name[32];

  snprintf(name, sizeof name, "bench-%zu.id", turn % NAMES);
  get(user, name, "datum");
}

static void get_one(void *user, size_t turn) {
  (void)turn;
  get(user, "bench.id", "datum");
}

static void get_unseen(void *user, size_t turn) {
  char id[32];

  id_of(id, turn, slow_turns);
  get(user, "bench-0.id", id);
}

static void get_large(void *user, size_t turn) {
  (void)turn;
  get(user, "bench.id", "large");
}

static void put_known(void *user, size_t turn) {
  char data[1024] = "";

  memcpy(data, &turn, sizeof turn);
  put(user, "bench.id", "datum", data, sizeof data);
}

/* ---- threads ---- */

struct reader {
  bench_work work;
  void *user;
};

static void get_other(void *user, size_t turn) {
  (void)turn;
  get(user, "bench.id", "other");
}

static void *read_many(void *user) {
  const struct reader *reader = user;

  for (size_t i = 0; i < 10 * turns; i++) reader->work(reader->user, i);
  return NULL;
}

/* How many a microsecond. */
static double read_with(const struct reader *readers, size_t count) {
  pthread_t threads[2];
  double from = now_us();

  for (size_t i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, read_many, (void *)(uintptr_t)&readers[i]) != 0) bench_die("a thread");
  for (size_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
  return (double)(count * 10 * turns) / (now_us() - from);
}

static double gain_of_two(const struct reader readers[2]) {
  double alone = read_with(readers, 1);

  return read_with(readers, 2) / alone;
}

/* Two threads on two processors, which may be two halves of one core: what the bare libraries gain there is the floor. */
static void compare_threads(struct blockstore *session) {
  const struct reader ours[2] = {{get_one, session}, {get_other, session}};
  const struct reader bare[2] = {{bench_floor_get_run, bench_floor_get_new("sample", false)},
                                 {bench_floor_get_run, bench_floor_get_new("sample", false)}};
  double *gains = calloc(rounds, sizeof *gains), *floors = calloc(rounds, sizeof *floors), a, b;

  if (gains == NULL || floors == NULL) bench_die("memory");
  for (size_t i = 0; i < rounds; i++) {
    gains[i] = gain_of_two(ours);
    floors[i] = gain_of_two(bare);
  }
  a = median(gains);
  b = median(floors);
  printf("get_mutable 1 KiB, verified before, two threads, two ids  %9.2f times one thread (%.2f-%.2f; reach: at least 1.8)\n"
         "  floor: %-47s %9.2f times one thread (%.2f-%.2f)\n\n", a, gains[0], gains[rounds - 1],
         "read, SHA-256, verify", b, floors[0], floors[rounds - 1]);
  free(gains);
  free(floors);
}

/* ---- the rows ---- */

static const char *write_sample(const char *file, size_t size) {
  char *bytes = calloc(1, size);
  FILE *out = fopen(file, "w");

  if (bytes == NULL || out == NULL || fwrite(memset(bytes, 'A', size), 1, size, out) != size || fclose(out) != 0) bench_die(file);
  free(bytes);
  return file;
}

static void put_all(struct blockstore *session) {
  char name[32], data[1024] = "";

  for (size_t i = 0; i < NAMES; i++) {
    snprintf(name, sizeof name, "bench-%zu.id", i);
    put(session, name, "datum", data, sizeof data);
  }
  put(session, "bench.id", "datum", data, sizeof data);
  put(session, "bench.id", "other", data, sizeof data);
}

static void read_rows(struct blockstore *session, struct blockstore *caching) {
  struct bench_floor_get *parsing = bench_floor_get_new("sample", true), *parsed = bench_floor_get_new("sample", false);

  puts("Where a signature was \"verified before\", it was in the same session, which does not verify it again; the "
       "floor always does.\n");
  compare(&(struct figure){"get_mutable 1 KiB, signature verified before, whole path", get_of_many, session, NULL,
                           "read, SHA-256, parse key, verify", bench_floor_get_run, parsing, turns, "at least 0.7"});
  compare(&(struct figure){"get_mutable 1 KiB, verified before, user record cached", get_one, session, NULL,
                           "read, SHA-256, parse key, verify", bench_floor_get_run, parsing, turns, "at least 0.7"});
  compare(&(struct figure){"get_mutable 1 KiB, verified before, name cached too", get_one, caching, NULL, "read, SHA-256, verify",
                           bench_floor_get_run, parsed, turns, "at least 0.8"});
}

/* No record twice in NAMES * IDS turns. */
static void name_fresh(char name[32], char id[32], size_t turn) {
  snprintf(name, 32, "bench-%zu.id", turn % NAMES);
  snprintf(id, 32, "fresh-%zu", turn / NAMES % IDS);
}

/* Name and user record are read anew each time, the signature is verified. */
static void get_fresh(void *user, size_t turn) {
  char name[32], id[32];

  (void)user;
  name_fresh(name, id, turn);
  get(fresh, name, id);
}

static void fresh_row(struct blockstore *session) {
  char name[32], id[32], data[1024] = "";

  for (size_t i = 0; i < (size_t)NAMES * IDS; i++) {
    name_fresh(name, id, i);
    put(session, name, id, data, sizeof data);
  }
  compare(&(struct figure){"get_mutable 1 KiB, signature new, whole path, 11 routes", get_fresh, NULL, open_fresh,
                           "read, SHA-256, parse key, verify", bench_floor_get_run,
                           bench_floor_get_new("sample", true), (size_t)NAMES * IDS, "at least 0.7"});
}

struct first_sight {
  struct bench_floor_get *get;
  struct bench_floor_commit *commit;
};

static void first_sight_floor(void *user, size_t turn) {
  struct first_sight *floor = user;

  bench_floor_get_run(floor->get, turn);
  bench_floor_commit_run(floor->commit, turn);
}

static void durable_rows(struct blockstore *session) {
  struct first_sight first = {bench_floor_get_new("sample", true), bench_floor_commit_new("floor-commit.db")};

  compare(&(struct figure){"get_mutable 1 KiB, first sight", get_unseen, session, put_unseen, "the same and a durable commit",
                           first_sight_floor, &first, slow_turns, "at least 0.7"});
  compare(&(struct figure){"put_mutable 1 KiB", put_known, session, NULL, "sign, durable file write, durable commit",
                           bench_floor_put_run, bench_floor_put_new(".", 1024 / 3 * 4 + 200), slow_turns, "at least 0.7"});
}

static void small(void) {
  struct blockstore *session = open_session("state", "0s"), *caching = open_session("state", "60s");

  writer = open_session("writer", "0s");
  write_sample("sample", 1024 / 3 * 4 + 200);
  put_all(session);
  read_rows(session, caching);
  compare_threads(caching);
  fresh_row(session);
  durable_rows(session);
  blockstore_close(fresh);
  blockstore_close(writer);
  blockstore_close(caching);
  blockstore_close(session);
}

static void large(void) {
  struct blockstore *session = open_session("state", "0s");
  struct rusage usage;

  get_large(session, 0);
  getrusage(RUSAGE_SELF, &usage);
  compare(&(struct figure){"get_mutable, record of 64 MiB", get_large, session, NULL, "read, base64 decode, SHA-256",
                           bench_floor_large_run, bench_floor_large_new(write_sample("large.base64", LARGE / 3 * 4)), 1,
                           "at least 0.6"});
  printf("  its peak memory %ld KiB (reach: below %zu)\n\n", usage.ru_maxrss, (size_t)3 * 64 * 1024);
  blockstore_close(session);
}

/* ---- with and without isolation ---- */

struct getter {
  struct blockstore *session;
  char *key; /* of the immutable data */
};

static void get_immutable(void *user, size_t turn) {
  const struct getter *getter = user;
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);

  (void)turn;
  CHECK(blockstore_get_immutable(getter->session, output, NULL, "bench.id", getter->key, NULL, &error));
  blockstore_output_free(output);
}

/* The key of the file's bytes, by free(). */
static char *put_file(struct blockstore *session, const char *file) {
  struct blockstore_input *input = blockstore_input_from_file(file);
  struct blockstore_receipt *receipt = NULL;
  char *text;

  CHECK(blockstore_put_immutable(session, &receipt, "bench.id", input, key, NULL, &error));
  text = strdup(blockstore_receipt_key(receipt));
  if (text == NULL) bench_die("memory");
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
  return text;
}

static void isolated_rows(struct blockstore *isolated, struct blockstore *plain, const char *way) {
  struct getter ours = {isolated, put_file(plain, write_sample("immutable", ISOLATED))};
  struct getter theirs = {plain, ours.key};
  char what[80];

  get_immutable(&ours, 0);
  snprintf(what, sizeof what, "get_immutable 64 MiB, %s", way);
  compare(&(struct figure){what, get_immutable, &ours, NULL, "the same, not isolated", get_immutable, &theirs, 1,
                           "at least 0.7"});
  compare(&(struct figure){what, get_immutable, &ours, NULL, "read, SHA-256", bench_floor_hash_run,
                           bench_floor_hash_new("immutable"), 1, "none"});
  free(ours.key);
  ours.key = theirs.key = put_file(plain, write_sample("immutable", 1024));
  snprintf(what, sizeof what, "get_immutable 1 KiB, %s, name cached", way);
  compare(&(struct figure){what, get_immutable, &ours, NULL, "the same, not isolated", get_immutable, &theirs, turns,
                           "at most 100 us more"});
  free(ours.key);
}

static void isolated(void) {
  struct blockstore *plain = open_session("state", "60s"), *process = open_session_with("state", "60s", ", isolate: process");
  struct blockstore *sandbox = open_session_with("state", "60s", ", isolate: true");

  isolated_rows(process, plain, "isolate: process");
  isolated_rows(sandbox, plain, "isolate: true");
  blockstore_close(sandbox);
  blockstore_close(process);
  blockstore_close(plain);
}

int main(int argc, char **argv) {
  if (argc != 3 || (rounds = strtoul(argv[1], NULL, 10)) == 0) bench_die("usage: bench-mutable ROUNDS small|large|isolated");
  CHECK(blockstore_key_from_file(&key, "key", &error));
  if (strcmp(argv[2], "small") == 0) small();
  else if (strcmp(argv[2], "isolated") == 0) isolated();
  else large();
  blockstore_key_free(key);
  return 0;
}
