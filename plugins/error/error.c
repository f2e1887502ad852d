/* SPDX-License-Identifier: MIT */
/* A filter that fails, for tests: which calls, how, and after how many bytes is said by its options, and can be had again. */
#include <config.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/chance.h"
#include "plugins/common/passing.h"
#include "plugins/common/plugin.h"

#define ENTRIES_WORDS                                                                                    \
  "get, put, delete, get_immutable, get_mutable, put_immutable, put_mutable, delete_immutable, delete_mutable, " \
  "make_mutable_url, handles_url or check"

struct error {
  struct bs_passing_filter filter;
  bool counts[BS_PASSING_ENTRIES]; /* "entries" */
  enum blockstore_status status;   /* "status" */
  uint32_t retry_after_ms;         /* "retry_after" */
  uint64_t after;                  /* "after", bytes */
  uint64_t one_in;                 /* "one_in"; 0: none by chance */
  uint64_t seed;                   /* "seed" */
  uint64_t *at;                    /* "at": numbers of calls, counted from 1 */
  size_t at_count;
  atomic_uint_fast64_t calls; /* that were counted */
};

/* ---- one call ---- */

static bool is_chosen(const struct error *error, uint64_t number) {
  for (size_t i = 0; i < error->at_count; i++)
    if (error->at[i] == number) return true;
  return error->one_in > 0 && bs_chance_below(error->one_in, error->seed, number) == 0;
}

static enum blockstore_status fail(const struct error *error, struct blockstore_call *call, const struct bs_passing *passing,
                                   uint64_t number) {
  if (error->status == BLOCKSTORE_STATUS_TRANSIENT && error->retry_after_ms > 0)
    call->host->retry_after(call, error->retry_after_ms);
  return blockstore_fail(call, error->status, "The filter error lets call %ju (%s) fail; its seed is %ju.", (uintmax_t)number,
                         bs_passing_text(passing->entry), (uintmax_t)error->seed);
}

/* Lets so many bytes through. */
struct cut_sink {
  struct blockstore_sink abi;
  struct blockstore_sink *real;
  uint64_t left;
  enum blockstore_status status; /* what it then answers */
  bool is_reached;
};

static enum blockstore_status cut_begin(struct blockstore_sink *sink, uint64_t size) {
  struct cut_sink *ours = (struct cut_sink *)sink;

  return ours->real->begin(ours->real, size);
}

static enum blockstore_status cut_write(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct cut_sink *ours = (struct cut_sink *)sink;
  size_t most = length < ours->left ? length : (size_t)ours->left;
  enum blockstore_status status = ours->real->write(ours->real, bytes, most);

  if (status != BLOCKSTORE_STATUS_OK) return status;
  ours->left -= most;
  if (most == length) return BLOCKSTORE_STATUS_OK;
  ours->is_reached = true;
  return ours->status;
}

struct cut_source {
  struct blockstore_source abi;
  const struct blockstore_source *real;
  struct cut_sink *cut;
};

static enum blockstore_status cut_read_at(const struct blockstore_source *source, void *buffer, size_t length,
                                          uint64_t offset) {
  const struct cut_source *ours = (const struct cut_source *)source;

  if (offset <= ours->cut->left && length <= ours->cut->left - offset)
    return ours->real->read_at(ours->real, buffer, length, offset);
  ours->cut->is_reached = true;
  return ours->cut->status;
}

/* What goes wrong earlier is not hidden by it. */
static enum blockstore_status fail_later(const struct error *error, struct blockstore_call *call,
                                         const struct bs_passing *passing, uint64_t number) {
  struct cut_sink sink = {{sizeof sink.abi, 0, cut_begin, cut_write}, passing->sink, error->after, error->status, false};
  struct cut_source source = {{sizeof source.abi, 0, cut_read_at, 0}, passing->source, &sink};
  struct bs_passing mine = *passing;
  enum blockstore_status status;

  if (mine.sink != NULL) mine.sink = &sink.abi;
  if (mine.source != NULL) {
    source.abi.size = mine.source->size;
    mine.source = &source.abi;
  }
  status = bs_passing_on(error->filter.next, call, &mine);
  return sink.is_reached || status == BLOCKSTORE_STATUS_OK ? fail(error, call, passing, number) : status;
}

static enum blockstore_status error_through(void *self, struct blockstore_call *call, const struct bs_passing *passing) {
  struct error *error = self;
  uint64_t number;

  if (!error->counts[passing->entry]) return bs_passing_on(error->filter.next, call, passing);
  number = atomic_fetch_add(&error->calls, 1) + 1;
  if (!is_chosen(error, number)) return bs_passing_on(error->filter.next, call, passing);
  return error->after == 0 ? fail(error, call, passing, number) : fail_later(error, call, passing, number);
}

/* ---- its options ---- */

static bool count_entries(struct error *self, const char *word) {
  static const struct {
    const char *word;
    enum bs_passing_kind kind;
  } kinds[] = {{"get", BS_PASSING_GET}, {"put", BS_PASSING_PUT}, {"delete", BS_PASSING_DELETE}};
  bool is_known = false;

  for (int entry = 0; entry < BS_PASSING_ENTRIES; entry++) {
    bool is_meant = strcmp(bs_passing_text(entry), word) == 0;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
      is_meant |= bs_passing_kind_of(entry) == kinds[i].kind && strcmp(kinds[i].word, word) == 0;
    self->counts[entry] |= is_meant;
    is_known |= is_meant;
  }
  return is_known;
}

static enum blockstore_status read_entries(struct error *self, struct blockstore_call *call,
                                           const struct blockstore_settings *settings) {
  const char *word;

  for (size_t i = 0; (word = call->host->setting(settings, "entries", i)) != NULL; i++)
    if (!count_entries(self, word))
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "entries: \"%.40s\" is none of %s.", word, ENTRIES_WORDS);
  return BLOCKSTORE_STATUS_OK;
}

static bool read_number(uint64_t *ret_number, const char *text) {
  uint64_t number = 0;

  if (text[0] == '\0' || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0') return false;
  for (; *text != '\0'; text++) number = number * 10 + (uint64_t)(*text - '0');
  *ret_number = number;
  return number > 0;
}

static enum blockstore_status read_at(struct error *self, struct blockstore_call *call,
                                      const struct blockstore_settings *settings) {
  const char *text;

  while (call->host->setting(settings, "at", self->at_count) != NULL) self->at_count++;
  self->at = calloc(self->at_count + 1, sizeof *self->at);
  if (self->at == NULL) return bs_plugin_fail_memory(call);
  for (size_t i = 0; (text = call->host->setting(settings, "at", i)) != NULL; i++)
    if (!read_number(&self->at[i], text))
      return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "at: \"%.40s\" is no number of a call, of which the first is 1.",
                             text);
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status read_settings(struct error *self, struct blockstore_call *call,
                                            const struct blockstore_settings *settings) {
  static const struct {
    const char *word;
    enum blockstore_status status;
  } words[] = {{"transient", BLOCKSTORE_STATUS_TRANSIENT}, {"failed", BLOCKSTORE_STATUS_FAILED},
               {"denied", BLOCKSTORE_STATUS_DENIED},       {"no_space", BLOCKSTORE_STATUS_NO_SPACE},
               {"too_large", BLOCKSTORE_STATUS_TOO_LARGE}, {"conflict", BLOCKSTORE_STATUS_CONFLICT},
               {"not_found", BLOCKSTORE_STATUS_NOT_FOUND}};
  const struct blockstore_host *host = call->host;
  int64_t retry_after = host->setting_number(settings, "retry_after"), one_in = host->setting_number(settings, "one_in");
  enum blockstore_status status = read_entries(self, call, settings);
  size_t word = 0;

  if (status == BLOCKSTORE_STATUS_OK) status = read_at(self, call, settings);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (one_in < 0) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "one_in: This must be 0 (none by chance) or more.");
  while (strcmp(words[word].word, host->setting(settings, "status", 0)) != 0) word++; /* it is one of them */
  self->status = words[word].status;
  self->retry_after_ms = retry_after < UINT32_MAX ? (uint32_t)retry_after : UINT32_MAX;
  self->after = (uint64_t)host->setting_number(settings, "after");
  self->one_in = (uint64_t)one_in;
  self->seed = bs_chance_seed(call, settings);
  if (one_in > 0) blockstore_log(call, BLOCKSTORE_LOG_INFO, "error: the seed is %ju", (uintmax_t)self->seed);
  return BLOCKSTORE_STATUS_OK;
}

/* ---- its life ---- */

static void error_storage_close(void *self, struct blockstore_call *call) {
  struct error *error = self;

  (void)call;
  free(error->at);
  free(error);
}

static enum blockstore_status error_storage_init(void **ret_self, struct blockstore_call *call,
                                                 const struct blockstore_settings *settings, const struct blockstore_next *next) {
  struct error *self = calloc(1, sizeof *self);
  enum blockstore_status status;

  if (self == NULL) return bs_plugin_fail_memory(call);
  self->filter = (struct bs_passing_filter){next, error_through};
  status = read_settings(self, call, settings);
  if (status == BLOCKSTORE_STATUS_OK)
    *ret_self = self;
  else
    error_storage_close(self, call);
  return status;
}

static const struct blockstore_driver error_driver = {
    .storage_init = error_storage_init,
    .storage_close = error_storage_close,
    BS_PASSING_TABLE,
};

BLOCKSTORE_REGISTER_DRIVER(error, error_driver,
    BLOCKSTORE_VERSION(PACKAGE_VERSION)
    BLOCKSTORE_DESCRIPTION("Filter: lets calls fail, for tests")
    BLOCKSTORE_KIND_FILTER
    BLOCKSTORE_THREADS_PARALLEL
    BLOCKSTORE_CAPABILITY_DURABLE
    BLOCKSTORE_CAPABILITY_CONSISTENT
    BLOCKSTORE_CAPABILITY_LOCAL
    BLOCKSTORE_OPTION("at", LIST, OPTIONAL, "", "Numbers of the calls that fail, the first being 1")
    BLOCKSTORE_OPTION("one_in", INT, OPTIONAL, "0", "By chance one call in so many fails; 0: none")
    BLOCKSTORE_OPTION("seed", INT, OPTIONAL, "", "What the chance follows from; one of its own if not set")
    BLOCKSTORE_OPTION("entries", LIST, OPTIONAL, "get,put,delete", "The calls that are counted, and may fail")
    BLOCKSTORE_OPTION_ENUM("status", "transient,failed,denied,no_space,too_large,conflict,not_found", OPTIONAL, "transient",
                           "What a call that fails answers")
    BLOCKSTORE_OPTION("retry_after", DURATION, OPTIONAL, "0s", "With transient: not before; 0 says nothing")
    BLOCKSTORE_OPTION("after", SIZE, OPTIONAL, "0", "Bytes of a get or a put that go through before"));
