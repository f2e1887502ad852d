/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/service.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/auto.h"
#include "core/base/text.h"
#include "core/bitcoind/provider.h"
#include "core/codec/hex.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/json.h"

#define DEPTH_MAX 8
#define PATIENCE_MS 60000       /* of a lane's frame; that which searches for coins has its own */
#define AT_ONCE_MS 2000         /* of the loop's own */
#define PAGES_KEPT (UINT64_C(80) << 20) /* bytes of the index that the threads of the loops keep, all together */
#define SLOW_NS 1000000000      /* an answer that is told */

/* ---- opening ---- */

/* Which names a source of the configuration means, and whether it has to be followed. */
static const struct {
  const char *name;
  const struct bs_provider *provider;
  bool is_followed;
} sources[] = {{"local", &bs_provider_embedded, false}, {"bitcoind", &bs_provider_bitcoind, true}};

/* What all loops have together, of which each has its part. */
static uint64_t part_of(const struct bsd_settings *settings, uint64_t all) {
  return settings->threads <= 1 ? all : all / (uint64_t)settings->threads;
}

static bool open_names(struct bsd_service *service, struct bs_error *error) {
  size_t which = 0, lanes = service->first == service ? BSD_LANES : BSD_AT_ONCE + 1;
  char url[300];
  struct bs_bitcoind_config node = {.network = NULL};
  struct bs_names_config config = {.ledger = service->settings->ledger, .cache = part_of(service->settings, PAGES_KEPT)};

  while (strcmp(service->settings->source, sources[which].name) != 0) which++; /* it is one of them */
  if (sources[which].is_followed) {
    node = bsd_bitcoind_config(url, service->settings);
    config.bitcoind = &node;
    if (service->follower == NULL && !bsd_follower_open(&service->follower, service->settings, error)) return false;
  }
  for (size_t i = 0; i < lanes; i++, config.cache = 0)
    if (!bs_names_open_on(&service->names[i], sources[which].provider, &config, error) ||
        !bs_scope_open(&service->scopes, &service->scope[i], 0, error))
      return false;
  return true;
}

static bool open_part(struct bsd_service *service, const struct bsd_settings *settings, struct bs_error *error) {
  service->settings = settings;
  service->cache = bsd_cache_new((size_t)part_of(settings, (uint64_t)settings->cache));
  if (service->cache == NULL) return bs_fail_memory(error);
  return open_names(service, error) && bs_names_moment(service->names[BSD_AT_ONCE], NULL, &service->moment, error);
}

bool bsd_service_open_beside(struct bsd_service *service, struct bsd_service *first, struct bs_error *error) {
  memset(service, 0, sizeof *service);
  service->first = first;
  service->follower = first->follower;
  return open_part(service, first->settings, error);
}

bool bsd_service_open(struct bsd_service *service, const struct bsd_settings *settings, struct bs_error *error) {
  memset(service, 0, sizeof *service);
  service->first = service;
  if (!open_part(service, settings, error)) return false;
  if (!service->moment.exists && service->follower == NULL)
    return bs_fail(error, BS_WORD_no_names, "%s: There is no ledger; run: blockstore-cli init", settings->ledger);
  atomic_store(&service->metrics.tip, service->moment.block);
  return true;
}

void bsd_service_close(struct bsd_service *service) {
  if (service->first == service) bsd_follower_close(service->follower);
  for (size_t i = 0; i < BSD_LANES; i++) {
    if (service->scope[i] != NULL) bs_scope_close(service->scope[i]);
    bs_names_close(service->names[i]);
    bs_buffer_free(&service->texts[i]);
    bs_buffer_free(&service->rooms[i]);
  }
  bs_buffer_free(&service->recent);
  bs_scopes_free(&service->scopes);
  bsd_cache_free(service->cache);
}

/* ---- the chain's end ---- */

static void turn(struct bsd_service *service, const struct bs_moment *moment) {
  char consensus[BS_CONSENSUS_TEXT];

  service->moment = *moment;
  service->has_info = service->has_recent = false;
  bsd_cache_turn(service->cache);
  if (service->first != service) return; /* one tells it */
  bs_hex_encode(consensus, moment->consensus, sizeof moment->consensus);
  atomic_store(&service->metrics.tip, moment->block);
  BSD_JOURNAL(BS_LOG_INFO, "block", BSD_NUMBER("block", moment->block), BSD_TEXT("consensus", consensus));
}

static void set_deadline(struct bsd_service *service, enum bsd_lane lane) {
  uint64_t patience_ms = lane == BSD_AT_ONCE ? AT_ONCE_MS : PATIENCE_MS;

  if (lane == BSD_NODE) patience_ms = (uint64_t)service->settings->search_ms;
  service->scope[lane]->deadline_ms = bs_clock_monotonic_ms() + patience_ms;
}

void bsd_service_node(const struct bsd_service *service, struct bsd_node *ret_node) {
  if (service->follower != NULL) bsd_follower_look(service->follower, ret_node);
  else *ret_node = (struct bsd_node){.state = "following", .height = bsd_counted(&service->first->metrics.tip)};
}

bool bsd_service_has_failed(const struct bsd_service *service, struct bs_error *ret_error) {
  return service->follower != NULL && bsd_follower_has_failed(service->follower, ret_error);
}

static void look(struct bsd_service *service) {
  struct bs_error error = {0};
  struct bs_moment moment;

  if (!bs_names_moment(service->names[BSD_AT_ONCE], service->scope[BSD_AT_ONCE], &moment, &error)) {
    bsd_cache_turn(service->cache); /* who knows */
    service->has_info = service->has_recent = false;
    return;
  }
  if (moment.block == service->moment.block && moment.exists == service->moment.exists &&
      memcmp(moment.consensus, service->moment.consensus, sizeof moment.consensus) == 0)
    return;
  turn(service, &moment);
}

void bsd_service_hold(struct bsd_service *service) {
  if (bs_names_is_newest(service->names[BSD_AT_ONCE])) return;
  bsd_service_release(service);
  set_deadline(service, BSD_AT_ONCE);
  bs_names_hold(service->names[BSD_AT_ONCE], service->scope[BSD_AT_ONCE]);
  look(service);
}

void bsd_service_release(struct bsd_service *service) {
  bs_names_release(service->names[BSD_AT_ONCE]);
}

void bsd_service_look(struct bsd_service *service) {
  if (bs_names_is_newest(service->names[BSD_AT_ONCE])) return;
  bsd_service_release(service); /* of what is no longer so */
  set_deadline(service, BSD_AT_ONCE);
  look(service);
}

bool bsd_service_info(struct bsd_service *service, struct bs_names_info *ret_info, struct bs_error *error) {
  if (!service->has_info &&
      !bs_names_index_info(service->names[BSD_AT_ONCE], service->scope[BSD_AT_ONCE], &service->info, error))
    return false;
  service->has_info = true;
  *ret_info = service->info;
  return true;
}

bool bsd_service_is_full(const struct bsd_service *service) {
  return bsd_counted(bsd_service_waiting(service)) >= (unsigned long long)service->settings->replies;
}

/* ---- what a request asks for ---- */

static struct bsd_request take_apart(struct bs_json object) {
  struct bs_json_iterator iterator = bs_json_begin(object);
  struct bsd_request request = {.has_method = false};
  struct bs_json key, value;

  if (bs_json_type(object) != BS_JSON_OBJECT) return request;
  while (bs_json_next_member(&iterator, &key, &value)) {
    if (bs_json_string_is(key, "method", 6)) {
      request.method = value;
      request.has_method = bs_json_type(value) == BS_JSON_STRING;
    } else if (bs_json_string_is(key, "params", 6)) {
      request.params = value;
      request.has_params = bs_json_type(value) != BS_JSON_NULL;
    }
  }
  /* No method's name needs an escape. */
  if (request.has_method) request.known = bsd_method_find(request.method.text + 1, request.method.length - 2);
  return request;
}

/* To find coins costs a node more than anything else that it is asked. */
static bool may_ask(const struct bsd_service *service, const struct bsd_method *method, bool is_local, struct bs_error *error) {
  const char *who = service->settings->unspents;

  if (method->run != bsd_unspents || strcmp(who, "all") == 0 || (strcmp(who, "local") == 0 && is_local)) return true;
  return bs_fail(error, BS_WORD_denied,
                 "This server tells %s which coins an address has (limits.unspents: %s). Ask another one, or one of your own, to"
                 " make transactions; whoever runs this one can allow it.",
                 strcmp(who, "local") == 0 ? "only clients on its own machine" : "nobody", who);
}

/* A request of no method costs as one does, and so does one that is refused: it is at once. */
static void add_cost(struct bsd_frame *frame, const struct bsd_service *service, const struct bsd_method *method) {
  struct bs_error error;

  if (method != NULL && !may_ask(service, method, frame->is_local, &error)) method = NULL;
  if (method != NULL && method->lane > frame->lane) frame->lane = method->lane;
  frame->cost += method == NULL || method->cost == 0 ? 1 : method->cost;
}

void bsd_frame_read(struct bsd_frame *frame, const struct bsd_service *service, bool is_local, const void *bytes,
                    size_t length) {
  const struct bs_json_limits limits = {BSD_FRAME_MAX, DEPTH_MAX};
  bool large = length > (size_t)service->settings->frame;
  struct bs_json_iterator iterator;
  struct bs_json item;

  frame->requests = frame->cost = 1;
  frame->lane = BSD_AT_ONCE;
  frame->is_local = is_local;
  frame->error.word = BS_NO_WORD;
  frame->is_json = bs_json_scan(&frame->root, bytes, length, &limits, &frame->error);
  if (!frame->is_json) return;
  frame->cost = 0;
  if (bs_json_type(frame->root) != BS_JSON_ARRAY) {
    frame->one = take_apart(frame->root);
    add_cost(frame, service, frame->one.known);
    large = large && (frame->one.known == NULL || frame->one.known->run != bsd_broadcast);
  } else {
    frame->requests = 0;
    for (iterator = bs_json_begin(frame->root); bs_json_next_item(&iterator, &item); frame->requests++)
      add_cost(frame, service, take_apart(item).known);
  }
  if (large)
    frame->is_json = bs_fail(&frame->error, BS_WORD_too_large, "A request has at most %lld bytes; this one has %zu.",
                             (long long)service->settings->frame, length);
  else if (frame->requests == 0 || frame->requests > BSD_BATCH_MAX)
    frame->is_json = bs_fail(&frame->error, BS_WORD_malformed, "A batch has 1 to %d requests; this one has %zu.",
                             BSD_BATCH_MAX, frame->requests);
  if (!frame->is_json) frame->requests = frame->cost = 1;
}

/* ---- arguments ---- */

static bool refuse_kind(const struct bsd_method *method, size_t number, const char *what, struct bs_error *error) {
  return bs_fail(error, BS_WORD_usage, "Parameter %zu of %s is %s.", number + 1, method->name, what);
}

static size_t digits_of(enum bsd_kind kind) {
  return kind == BSD_HASH ? 40 : kind == BSD_TXID ? 64 : kind == BSD_CONSENSUS ? 32 : 0;
}

/* Checks what a text has to be, as far as that needs no chain. */
static bool check_text(const struct bsd_method *method, size_t number, const char *text, struct bs_error *error) {
  enum bsd_kind kind = method->kinds[number];
  size_t digits = digits_of(kind);

  if (kind == BSD_NAME && strlen(text) > BS_NAME_MAX) return bs_fail(error, BS_WORD_usage, "Name too long");
  if (kind == BSD_NAMESPACE && strlen(text) > BS_NAMESPACE_MAX) return bs_fail(error, BS_WORD_usage, "Namespace ID too long");
  if (digits != 0 && !bs_hex_is_string(text, digits))
    return bs_fail(error, BS_WORD_usage, "Parameter %zu of %s is %zu hexadecimal digits in lower case.", number + 1,
                   method->name, digits);
  return true;
}

static bool read_truth(struct bsd_argument *argument, struct bs_json value) {
  enum bs_json_type type = bs_json_type(value);

  argument->number = type == BS_JSON_TRUE || bs_json_string_is(value, "True", 4);
  return type == BS_JSON_TRUE || type == BS_JSON_FALSE || argument->number == 1 || bs_json_string_is(value, "False", 5);
}

/* texts: has room for all of them. */
static bool read_argument(struct bsd_argument *argument, const struct bsd_method *method, size_t number, struct bs_json value,
                          struct bs_buffer *texts, struct bs_error *error) {
  enum bsd_kind kind = method->kinds[number];
  size_t from = texts->length;

  if (bs_json_type(value) == BS_JSON_NULL)
    return number >= method->least || refuse_kind(method, number, "not null", error);
  argument->given = true;
  if (kind == 0) return true;
  if (kind == BSD_WHOLE)
    return bs_json_integer(value, &argument->number) || refuse_kind(method, number, "a whole number from 0 on", error);
  if (kind == BSD_TRUTH) return read_truth(argument, value) || refuse_kind(method, number, "true or false", error);
  if (bs_json_type(value) != BS_JSON_STRING) return refuse_kind(method, number, "a text", error);
  bs_json_string(value, texts);
  bs_buffer_byte(texts, '\0');
  if (!bs_buffer_ok(texts, error)) return false;
  argument->text = (const char *)texts->bytes + from;
  return check_text(method, number, argument->text, error);
}

static bool read_arguments(struct bsd_call *call, const struct bsd_method *method, const struct bsd_request *request,
                           struct bs_buffer *texts) {
  struct bs_json_iterator iterator = {NULL, NULL};
  struct bs_json value;
  size_t count = 0;

  if (request->has_params) {
    iterator = bs_json_begin(request->params);
    bs_buffer_reserve(texts, request->params.length + BSD_ARGUMENTS_MAX);
  }
  for (; request->has_params && bs_json_next_item(&iterator, &value); count++)
    if (count < method->most && !read_argument(&call->arguments[count], method, count, value, texts, call->error)) return false;
  if (count >= method->least && count <= method->most) return true;
  return bs_fail(call->error, BS_WORD_usage, "%s takes %s%s, not %zu parameters.", method->name,
                 method->most == 0 ? "no parameters" : "", method->synopsis, count);
}

/* ---- answering ---- */

void bsd_fault_write(struct bs_buffer *reply, int code, const char *sentence) {
  bs_buffer_byte(reply, '{');
  bsd_json_text(reply, "fault", code == BSD_NO_SUCH_FUNCTION ? "NoSuchFunction" : "Fault");
  bsd_json_key(reply, "faultCode");
  bs_buffer_format(reply, "%d", code);
  bsd_json_text(reply, "faultString", sentence);
  bs_buffer_byte(reply, '}');
}

/* Where this server keeps its chain is nobody's business, and a name's place is not that machine alone. */
static void hide_place(char *message, const char *place) {
  static const char instead[] = "this chain", remark[] = " (its names exist on this machine only)";
  char *at = place == NULL ? NULL : strstr(message, place);
  size_t length = at == NULL ? 0 : strlen(place);

  if (at != NULL && length >= sizeof instead - 1) {
    memcpy(at, instead, sizeof instead - 1);
    memmove(at + sizeof instead - 1, at + length, strlen(at + length) + 1);
  }
  at = strstr(message, remark);
  if (at != NULL) memmove(at, at + sizeof remark - 1, strlen(at + sizeof remark - 1) + 1);
}

/* Neither is where its node is, and where the key to that lies: strangers hear what became of their request. */
static void hide_node(struct bs_error *error, const struct bsd_settings *settings) {
  char url[300], at_url[310];
  size_t length;

  bsd_bitcoind_config(url, settings);
  snprintf(at_url, sizeof at_url, " at %s", url);
  length = strlen(at_url);
  for (char *at = error->message; (at = strstr(at, at_url)) != NULL;) memmove(at, at + length, strlen(at + length) + 1);
  if (strstr(error->message, url) == NULL && (settings->cookie == NULL || strstr(error->message, settings->cookie) == NULL) &&
      (settings->host == NULL || strstr(error->message, settings->host) == NULL))
    return;
  BSD_JOURNAL_OFTEN(BS_LOG_WARNING, "failed", BSD_TEXT("code", bs_word_text(error->word)), BSD_TEXT("message", error->message));
  snprintf(error->message, sizeof error->message, "The Bitcoin node behind this server cannot be asked now.");
}

static void write_result_error(struct bs_buffer *reply, const struct bs_error *error) {
  bs_buffer_text(reply, "[{");
  bsd_json_text(reply, "error", error->message);
  bsd_json_text(reply, "code", bs_word_text(error->word));
  bs_buffer_text(reply, "}]");
}

static void write_error(struct bs_buffer *reply, struct bs_error *error, const struct bsd_settings *settings) {
  if (error->word == BS_WORD_io || error->word == BS_WORD_corrupt || error->word == BS_WORD_no_space)
    BSD_JOURNAL_OFTEN(BS_LOG_ERROR, "failed", BSD_TEXT("code", bs_word_text(error->word)), BSD_TEXT("message", error->message));
  hide_place(error->message, settings->ledger);
  hide_place(error->message, settings->index);
  if (settings->index != NULL) hide_node(error, settings);
  write_result_error(reply, error);
}

static void truncate_to(struct bs_buffer *reply, size_t length) {
  if (reply->length > length) reply->length = length;
}

static enum bsd_outcome run(struct bsd_service *service, enum bsd_lane lane, const struct bsd_method *method,
                            const struct bsd_request *request, struct bs_buffer *reply) {
  struct bs_buffer *texts = &service->texts[lane];
  struct bs_error error;
  struct bsd_call call = {.service = service,
                          .names = service->names[lane],
                          .scope = service->scope[lane],
                          .reply = reply,
                          .room = &service->rooms[lane],
                          .error = &error};
  size_t from = reply->length;

  error.word = BS_NO_WORD;
  error.message[0] = '\0';
  bs_buffer_clear(texts);
  bs_buffer_clear(call.room);
  bs_buffer_byte(reply, '[');
  if (reply->length > BSD_REPLY_MAX - BSD_RESULT_MAX) {
    bs_fail(&error, BS_WORD_too_large, "The reply to this batch has no more room; ask for the rest in another one.");
  } else if (read_arguments(&call, method, request, texts) && method->run(&call)) {
    bs_buffer_byte(reply, ']');
    return BSD_OK;
  }
  truncate_to(reply, from);
  write_error(reply, &error, service->settings);
  return BSD_ERROR;
}

/* On the loop's thread: from what was kept, or by running it. */
static enum bsd_outcome run_kept(struct bsd_service *service, const struct bsd_method *method, const struct bsd_request *request,
                                 struct bs_buffer *reply) {
  size_t number = (size_t)(method - bsd_methods), length, from = reply->length;
  const unsigned char *kept;
  enum bsd_outcome outcome;

  if (bsd_cache_find(service->cache, &kept, &length, number, request->params.text, request->params.length)) {
    bsd_count(&service->metrics.cache_hits, 1);
    bs_buffer_add(reply, kept, length);
    return BSD_OK;
  }
  bsd_count(&service->metrics.cache_misses, 1);
  outcome = run(service, BSD_AT_ONCE, method, request, reply);
  if (outcome == BSD_OK && !reply->failed &&
      bsd_cache_wants(service->cache, number, request->params.text, request->params.length))
    bsd_cache_keep(service->cache, number, request->params.text, request->params.length, reply->bytes + from,
                   reply->length - from);
  return outcome;
}

/* A method that there is not, or no longer. */
static enum bsd_outcome refuse_method(const struct bsd_service *service, struct bs_json name, struct bs_buffer *reply) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char sentence[128];

  bs_json_string(name, &text);
  if (bs_buffer_string(&text) != NULL && bsd_method_is_refused((const char *)text.bytes, text.length, &error)) {
    write_error(reply, &error, service->settings);
    return BSD_ERROR;
  }
  snprintf(sentence, sizeof sentence, "function %.60s%s not found", text.failed ? "" : bs_buffer_string(&text),
           text.length > 60 ? "..." : "");
  bs_text_tidy(sentence);
  bsd_fault_write(reply, BSD_NO_SUCH_FUNCTION, sentence);
  return BSD_FAULT;
}

static enum bsd_outcome answer(struct bsd_service *service, const struct bsd_frame *frame, const struct bsd_request *request,
                               struct bs_buffer *reply) {
  const struct bsd_method *method = request->known;
  struct bs_error error = {0};

  if (!request->has_method) {
    bsd_fault_write(reply, BSD_FAILURE, "A request is an object with \"method\", a text, and \"params\", an array.");
    return BSD_FAULT;
  }
  if (request->has_params && bs_json_type(request->params) != BS_JSON_ARRAY) {
    bsd_fault_write(reply, BSD_FAILURE, "Parameters are given by position, in an array.");
    return BSD_FAULT;
  }
  if (method == NULL) return refuse_method(service, request->method, reply);
  if (!may_ask(service, method, frame->is_local, &error)) {
    write_error(reply, &error, service->settings);
    return BSD_ERROR;
  }
  if (method->is_kept && frame->lane == BSD_AT_ONCE && request->has_params) return run_kept(service, method, request, reply);
  return run(service, frame->lane, method, request, reply);
}

static uint64_t now_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void answer_one(struct bsd_service *service, const struct bsd_frame *frame, const struct bsd_request *request,
                       struct bs_buffer *reply) {
  const struct bsd_method *method = request->known;
  uint64_t from = now_ns(), taken;
  enum bsd_outcome outcome = answer(service, frame, request, reply);

  taken = now_ns() - from;
  bsd_metrics_request(&service->metrics, method == NULL ? BSD_METHODS_MAX - 1 : (size_t)(method - bsd_methods), outcome, taken);
  if (taken > SLOW_NS || bsd_journal_wants(BS_LOG_DEBUG)) {
    static const char *const outcomes[] = {"ok", "error", "fault"};

    BSD_JOURNAL_OFTEN(taken > SLOW_NS ? BS_LOG_WARNING : BS_LOG_DEBUG, "request",
                      BSD_TEXT("method", method == NULL ? "" : method->name), BSD_TEXT("outcome", outcomes[outcome]),
                      BSD_NUMBER("microseconds", taken / 1000));
  }
}

void bsd_frame_answer(const struct bsd_frame *frame, struct bsd_service *service, struct bs_buffer *reply) {
  struct bs_json_iterator iterator;
  struct bs_json item;

  if (!frame->is_json) {
    bsd_fault_write(reply, BSD_FAILURE, frame->error.message);
    bsd_metrics_request(&service->metrics, BSD_METHODS_MAX - 1, BSD_FAULT, 0);
    return;
  }
  set_deadline(service, frame->lane);
  if (bs_json_type(frame->root) != BS_JSON_ARRAY) {
    answer_one(service, frame, &frame->one, reply);
    return;
  }
  bs_buffer_byte(reply, '[');
  for (iterator = bs_json_begin(frame->root); bs_json_next_item(&iterator, &item);) {
    const struct bsd_request request = take_apart(item);

    bsd_json_item(reply);
    answer_one(service, frame, &request, reply);
  }
  bs_buffer_byte(reply, ']');
}

void bsd_frame_refuse(const struct bsd_frame *frame, const struct bs_error *why, struct bs_buffer *reply) {
  bool is_batch = bs_json_type(frame->root) == BS_JSON_ARRAY;

  if (is_batch) bs_buffer_byte(reply, '[');
  for (size_t i = 0; i < frame->requests; i++) {
    bsd_json_item(reply);
    write_result_error(reply, why);
  }
  if (is_batch) bs_buffer_byte(reply, ']');
}
