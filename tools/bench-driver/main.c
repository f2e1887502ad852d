/* SPDX-License-Identifier: MIT */
/*
 * What tools/bench-stores clocks: one instance of a driver, opened once, through the core's own calls.
 *
 *   bench-driver [-o KEY=VALUE]... [-f FILTER.so [-O KEY=VALUE]...] FILE.so ROUNDS BYTES
 *
 * -f: through this filter, whose options -O has.
 * In each round another immutable object of so many bytes is put, fetched and, if it can be, deleted; a first round warms up
 * and is not told.  Prints "put MS WORK" and "get MS WORK" a round, the milliseconds that it took and those that the processor
 * worked; and at the end "peak KIB", the process's peak memory.
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/spool.h"
#include "core/codec/hex.h"
#include "core/driver/call.h"
#include "tools/driver-test/subject.h"

#define DEADLINE_MS ((uint64_t)600000)
#define BLOCK ((size_t)1 << 16)

struct bench {
  struct subject subject, filter;
  const char *filter_file; /* NULL: none */
  struct bs_scopes scopes;
  struct bs_scope *scope; /* of all that is done */
  struct bs_store *store;
  unsigned round;
};

struct cost {
  double took, work; /* milliseconds */
};

static double ms_of(clockid_t id) {
  struct timespec now;

  clock_gettime(id, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- the data ---- */

static void free_spool(struct bs_spool *spool) {
  bs_spool_free(spool);
}

/* Bytes that no round before had, in an unlinked file, so that they are no memory of the process. */
static bool make_data(struct bs_spool *spool, unsigned round, uint64_t size, struct bs_error *error) {
  unsigned char block[BLOCK];

  for (size_t i = 0; i < BLOCK; i++) block[i] = (unsigned char)(i * 2654435761u >> 13);
  for (uint64_t offset = 0; offset < size; offset += BLOCK) {
    memcpy(block, &round, sizeof round);
    memcpy(block + sizeof round, &offset, sizeof offset);
    if (!bs_spool_write(spool, block, size - offset < BLOCK ? (size_t)(size - offset) : BLOCK, error)) return false;
  }
  return true;
}

/* ---- what comes back ---- */

static bool begin(void *user, uint64_t size, struct bs_error *error) {
  (void)size;
  (void)error;
  *(uint64_t *)user = 0;
  return true;
}

static bool count(void *user, const void *bytes, size_t length, struct bs_error *error) {
  (void)bytes;
  (void)error;
  *(uint64_t *)user += length;
  return true;
}

static bool end(void *user, struct bs_error *error) {
  (void)user;
  (void)error;
  return true;
}

/* ---- the calls ---- */

static bool call(struct bench *bench, enum bs_entry entry, const struct bs_arguments *arguments, struct cost *ret_cost,
                 struct bs_error *error) {
  const struct bs_call_result *result;
  struct bs_call *call;
  double start, work;
  bool good;

  if (!bs_call_new(&call, bench->store, entry, arguments, error)) return false;
  start = ms_of(CLOCK_MONOTONIC);
  work = ms_of(CLOCK_PROCESS_CPUTIME_ID);
  bs_calls_run(&call, 1, bench->scope, NULL);
  *ret_cost = (struct cost){ms_of(CLOCK_MONOTONIC) - start, ms_of(CLOCK_PROCESS_CPUTIME_ID) - work};
  result = bs_call_result(call);
  good = result->status == BLOCKSTORE_STATUS_OK ||
         (entry == BS_ENTRY_DELETE_IMMUTABLE && result->status == BLOCKSTORE_STATUS_UNSUPPORTED);
  if (!good) *error = result->error;
  bs_call_release(call);
  return good;
}

static bool go_round(struct bench *bench, uint64_t size, bool told, struct bs_error *error) {
  struct bs_spool spool BS_AUTO(free_spool);
  struct bs_feed *feed BS_AUTO_FEED = NULL;
  unsigned char digest[BS_SHA256_SIZE];
  char key[2 * BS_SHA256_SIZE + 1];
  uint64_t got = 0;
  const struct bs_receiver receiver = {UINT64_MAX, &got, begin, count, end};
  struct bs_arguments put = {.target = key};
  const struct bs_arguments get = {.target = key, .receiver = &receiver}, delete = {.target = key};
  struct cost put_cost, get_cost, delete_cost;

  bs_spool_init(&spool, NULL);
  if (!make_data(&spool, bench->round++, size, error) || !bs_feed_from_spool(&feed, &spool, error) ||
      !bs_feed_digest(feed, digest, NULL, NULL, NULL, bench->scope, error))
    return false;
  bs_hex_encode(key, digest, sizeof digest);
  put.feed = feed;
  if (!call(bench, BS_ENTRY_PUT_IMMUTABLE, &put, &put_cost, error) ||
      !call(bench, BS_ENTRY_GET_IMMUTABLE, &get, &get_cost, error) ||
      !call(bench, BS_ENTRY_DELETE_IMMUTABLE, &delete, &delete_cost, error))
    return false;
  if (got != size) return bs_fail(error, BS_WORD_failed, "%" PRIu64 " bytes came back of %" PRIu64 ".", got, size);
  if (told) printf("put %.4f %.4f\nget %.4f %.4f\n", put_cost.took, put_cost.work, get_cost.took, get_cost.work);
  return true;
}

/* ---- the command ---- */

static bool assign(struct assignments *assignments, char *text) {
  char *value = strchr(text, '=');
  struct assignment *grown;

  if (value == NULL) return false;
  grown = reallocarray(assignments->items, assignments->count + 1, sizeof *grown);
  if (grown == NULL) return false;
  assignments->items = grown;
  grown[assignments->count++] = (struct assignment){strndup(text, (size_t)(value - text)), strdup(value + 1)};
  return true;
}

/* Above bench->store, if there is one. */
static bool open_store(struct bench *bench, struct subject *subject, struct bs_error *error) {
  struct blockstore_settings *settings = NULL;
  struct bs_store *below = bench->store;
  const struct bs_module *module;
  const char *directory = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): there is one thread */

  if (!subject_load(&module, subject, error) ||
      !subject_settings(&settings, subject, directory == NULL ? "/tmp" : directory, 1, NULL, NULL, error))
    return false;
  bench->store = NULL; /* taken, whatever the result */
  return bs_store_open(&bench->store, "bench", subject->candidate->name, module->driver, module->driver_size, module->metadata,
                       settings, -1, below, bench->scope, error);
}

static bool run(struct bench *bench, const char *file, unsigned long rounds, uint64_t size, struct bs_error *error) {
  uint32_t start = (uint32_t)getpid();
  struct rusage usage;

  if (!bs_scope_open(&bench->scopes, &bench->scope, DEADLINE_MS, error) || !subject_read(&bench->subject, file, error) ||
      !open_store(bench, &bench->subject, error))
    return false;
  if (bench->filter_file != NULL &&
      (!subject_read(&bench->filter, bench->filter_file, error) || !open_store(bench, &bench->filter, error)))
    return false;
  bench->round = start * 1000u;
  if (!go_round(bench, size, false, error)) return false;
  for (unsigned long round = 0; round < rounds; round++)
    if (!go_round(bench, size, true, error)) return false;
  getrusage(RUSAGE_SELF, &usage);
  printf("peak %ld\n", usage.ru_maxrss);
  return true;
}

int main(int argc, char **argv) {
  struct bench bench = {.subject = {.largest = UINT64_MAX, .patience_ms = (uint32_t)DEADLINE_MS}};
  struct bs_error error = {0};
  bool good = true;
  int letter;

  /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
  while ((letter = getopt(argc, argv, "o:f:O:")) != -1) {
    if (letter == 'f') bench.filter_file = optarg;
    else good = good && letter != '?' && assign(letter == 'o' ? &bench.subject.options : &bench.filter.options, optarg);
  }
  if (!good || argc - optind != 3) {
    fputs("usage: bench-driver [-o KEY=VALUE]... [-f FILTER.so [-O KEY=VALUE]...] FILE.so ROUNDS BYTES\n", stderr);
    return 2;
  }
  good = run(&bench, argv[optind], strtoul(argv[optind + 1], NULL, 10), strtoull(argv[optind + 2], NULL, 10), &error);
  if (!good) fprintf(stderr, "bench-driver: %s\n", error.message);
  bs_store_close(bench.store);
  if (bench.scope != NULL) bs_scope_close(bench.scope);
  subject_free(&bench.subject);
  subject_free(&bench.filter);
  bs_scopes_free(&bench.scopes);
  return good ? 0 : 1;
}
