/* SPDX-License-Identifier: MIT */
/* A path becomes the RPC's request, which is answered as if it had come over the RPC: one reply for both sides. */
#include <config.h>

#include "tools/blockstored/web.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "tools/blockstored/page.h"

#define COUNT_MAX 1000 /* names of one reply */
#define NO_STORE "Cache-Control: no-store\r\n"
#define NO_CACHE "Cache-Control: no-cache\r\n"
#define RETRY "Retry-After: 1\r\n"

/* ---- replies ---- */

static void send_problem_with(struct bsd_visitor *visitor, int status, const char *headers, const char *sentence) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_text(&json, "{\"error\":");
  bs_json_write_string(&json, sentence, strlen(sentence));
  bs_buffer_text(&json, "}\n");
  bsd_visitor_reply(visitor, status, "application/json", headers, json.bytes, json.length);
}

/* What fails now may go well a moment later, in the same state of the chain: it is not to be kept. */
static void send_problem(struct bsd_visitor *visitor, int status, const char *sentence) {
  send_problem_with(visitor, status, NO_STORE, sentence);
}

void bsd_web_refuse(struct bsd_visitor *visitor, int status, const char *sentence) {
  send_problem_with(visitor, status, status == 503 || status == 429 ? NO_STORE RETRY : NO_STORE, sentence);
}

/* Of what fails; the rest is 503. */
static const struct {
  enum bs_word word;
  int status;
} statuses[] = {{BS_WORD_usage, 400},     {BS_WORD_malformed, 400}, {BS_WORD_denied, 403}, {BS_WORD_not_found, 404},
                {BS_WORD_too_large, 413}, {BS_WORD_corrupt, 500},   {BS_WORD_failed, 500}, {BS_WORD_io, 500}};

static int status_of_word(enum bs_word word) {
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
    if (statuses[i].word == word) return statuses[i].status;
  return 503;
}

/* Of [{"error": SENTENCE, "code": WORD}]. */
static int status_of(const struct bs_buffer *reply) {
  static const struct bs_json_limits limits = {BSD_REPLY_MAX, BS_JSON_DEPTH_MAX};
  struct bs_error error = {0};
  struct bs_json_iterator iterator;
  struct bs_json root, item, code;

  if (!bs_json_scan(&root, reply->bytes, reply->length, &limits, &error)) return 500;
  iterator = bs_json_begin(root);
  if (!bs_json_next_item(&iterator, &item) || !bs_json_find(item, "code", &code)) return 500;
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    const char *word = bs_word_text(statuses[i].word);

    if (bs_json_string_is(code, word, strlen(word))) return statuses[i].status;
  }
  return 503;
}

/* While the index is behind it may yet be there. */
static void send_absent(struct bsd_visitor *visitor) {
  struct bsd_node node;

  bsd_service_node(&visitor->server->first->service, &node);
  if (node.is_behind) bsd_web_refuse(visitor, 503, "Indexing blockchain");
  else send_problem(visitor, 404, "There is none.");
}

/* What the RPC replied, without the array around it.  absent: a text that says that there is no such thing. */
static void send_result(struct bsd_visitor *visitor, struct bs_buffer *reply, const char *absent) {
  static const char error[] = "[{\"error\":";
  const char *text = bs_buffer_string(reply);
  char headers[BSD_TAG_SIZE + 40] = NO_STORE;

  if (text == NULL || reply->length < 2 || text[0] != '[') {
    send_problem(visitor, 500, "The answer could not be made.");
  } else if (strncmp(text, error, sizeof error - 1) == 0) {
    bsd_visitor_reply(visitor, status_of(reply), "application/json", NO_STORE, text + 1, reply->length - 2);
  } else if (strcmp(text, "[null]") == 0 || (absent != NULL && strstr(text, absent) != NULL)) {
    send_absent(visitor);
  } else {
    if (visitor->tag[0] != '\0') snprintf(headers, sizeof headers, "ETag: %s\r\n" NO_CACHE, visitor->tag);
    bsd_visitor_reply(visitor, 200, "application/json", headers, text + 1, reply->length - 2);
  }
}

/* ---- through the RPC ---- */

static void lane_done(struct bsd_job *job, void *user) {
  struct bsd_visitor *visitor = user;

  send_result(visitor, &job->reply, visitor->absent);
}

/* text: the RPC's request. */
static void ask(struct bsd_visitor *visitor, const struct bs_buffer *text, const char *absent) {
  struct bsd_server *server = visitor->server;
  struct bs_buffer reply BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_error error = {0};
  struct bsd_frame frame;

  if (!bs_buffer_ok(text, &error)) {
    send_problem(visitor, 503, error.message);
    return;
  }
  bsd_frame_read(&frame, &server->first->service, false, text->bytes, text->length);
  bsd_allowance_charge(server->allowance, visitor->key, frame.cost - 1);
  if (!frame.is_json) {
    send_problem(visitor, status_of_word(frame.error.word), frame.error.message);
  } else if (frame.lane != BSD_AT_ONCE) {
    const struct bsd_asker asker = {visitor->key, false, server->first->mailbox, lane_done, visitor, frame.cost};

    visitor->absent = absent;
    visitor->job = bsd_lanes_run(server->lanes, frame.lane, &asker, text->bytes, text->length, &error);
    if (visitor->job == NULL) bsd_web_refuse(visitor, 503, error.message);
  } else {
    bsd_frame_answer(&frame, &server->first->service, &reply);
    send_result(visitor, &reply, absent);
  }
}

/* ---- paths ---- */

/* A whole number of the query: *number stays where it is not given.  False: it is no number. */
static bool take_number(uint64_t *number, const struct evkeyvalq *query, const char *key) {
  const char *text = evhttp_find_header(query, key);
  char *end;

  if (text == NULL) return true;
  if (text[0] < '0' || text[0] > '9' || strlen(text) > 15) return false;
  *number = strtoull(text, &end, 10);
  return *end == '\0';
}

static void list_names(struct bsd_visitor *visitor, const struct evkeyvalq *query) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t offset = 0, count = 100;

  if (!take_number(&offset, query, "offset") || !take_number(&count, query, "count") || count > COUNT_MAX) {
    send_problem(visitor, 400, "offset is a whole number from 0 on, count one of 0 to 1000.");
    return;
  }
  bs_buffer_format(&text, "{\"method\":\"get_all_names\",\"params\":[%llu,%llu]}", (unsigned long long)offset,
                   (unsigned long long)count);
  ask(visitor, &text, NULL);
}

/* What a path of three or four parts asks; %: the third. */
static const struct {
  const char *first, *last, *method;
  bool is_number;
  const char *absent;
} paths[] = {
    {"names", "", "get_name_state", false, "\"name\":null"},
    {"names", "history", "get_name_blockchain_history", false, NULL},
    {"namespaces", "", "get_namespace_state", false, "\"namespace\":null"},
    {"blocks", "operations", "get_nameops_at", true, NULL},
    {"consensus", "", "get_consensus_at", true, NULL},
};

/* first/what[/last], of a decoded path behind "/v1/". */
static bool route(struct bsd_visitor *visitor, const char *path) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *what = strchr(path, '/'), *last;
  size_t first = what == NULL ? 0 : (size_t)(what - path), length;

  if (what == NULL) return false;
  what++;
  length = strcspn(what, "/");
  last = what[length] == '/' ? what + length + 1 : "";
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (strlen(paths[i].first) != first || memcmp(paths[i].first, path, first) != 0 || strcmp(paths[i].last, last) != 0) continue;
    if (length == 0 || (what[length] == '/' && *last == '\0')) return false;
    if (paths[i].is_number && (strspn(what, "0123456789") != length || length > 15 || (what[0] == '0' && length > 1))) {
      send_problem(visitor, 400, "A block is a whole number.");
      return true;
    }
    bs_buffer_format(&text, "{\"method\":\"%s\",\"params\":[", paths[i].method);
    if (paths[i].is_number) bs_buffer_add(&text, what, length);
    else bs_json_write_string(&text, what, length);
    bs_buffer_text(&text, "]}");
    ask(visitor, &text, paths[i].absent);
    return true;
  }
  return false;
}

/* The same as long as the chain is.  True: the client has it already. */
static bool is_known(struct bsd_visitor *visitor, const struct bsd_http_head *head) {
  const struct bs_moment *moment = &visitor->server->first->service.moment;
  char consensus[BS_CONSENSUS_TEXT], headers[BSD_TAG_SIZE + 40];

  bs_hex_encode(consensus, moment->consensus, sizeof moment->consensus);
  snprintf(visitor->tag, sizeof visitor->tag, "\"%llu-%s\"", (unsigned long long)moment->block, consensus);
  if (head->known.text == NULL || memmem(head->known.text, head->known.length, visitor->tag, strlen(visitor->tag)) == NULL)
    return false;
  snprintf(headers, sizeof headers, "ETag: %s\r\n" NO_CACHE, visitor->tag);
  bsd_visitor_reply(visitor, 304, "application/json", headers, "", 0);
  return true;
}

static void show_page(struct bsd_visitor *visitor, const struct evkeyvalq *query) {
  struct bs_buffer html BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *name = evhttp_find_header(query, "name");
  struct bs_error error = {0};

  if (name != NULL && !bs_utf8_valid(name, strlen(name))) name = NULL;
  if (bsd_page_write(&html, &visitor->server->first->service, name, &error))
    bsd_visitor_reply(visitor, 200, "text/html; charset=utf-8", NO_CACHE, html.bytes, html.length);
  else send_problem(visitor, 503, "The chain cannot be read now.");
}

static void show_metrics(struct bsd_visitor *visitor) {
  const struct bsd_server *server = visitor->server;
  const struct bsd_service *service = &server->first->service;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t tip = bsd_counted(&service->metrics.tip), wanted;
  struct bsd_metrics sum = {.nanoseconds = 0};
  struct bsd_node node;

  bsd_service_node(service, &node);
  wanted = node.height;
  if (service->follower != NULL) /* what is not confirmed enough is not looked at */
    wanted -= wanted < (uint64_t)service->settings->confirmations ? wanted : (uint64_t)service->settings->confirmations;
  for (size_t i = 0; i < server->loop_count; i++) bsd_metrics_add(&sum, &server->loops[i]->service.metrics);
  atomic_store(&sum.connections_open, bsd_crowd_count(server->crowd));
  atomic_store(&sum.http_connections_open, bsd_crowd_count(server->http_crowd));
  atomic_store(&sum.node_blocks, node.height);
  atomic_store(&sum.lag_blocks, wanted > tip ? wanted - tip : 0);
  atomic_store(&sum.reorganisations, node.reorganisations);
  bsd_metrics_write(&text, &sum, node.state);
  bsd_visitor_reply(visitor, 200, "text/plain; version=0.0.4; charset=utf-8", NO_STORE, text.bytes, text.length);
}

static void show_info(struct bsd_visitor *visitor) {
  struct bs_buffer asked BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_text(&asked, "{\"method\":\"getinfo\"}");
  ask(visitor, &asked, NULL);
}

/* Is it this visitor's turn?  If not, it has been told so. */
static bool may_ask(struct bsd_visitor *visitor) {
  struct bsd_server *server = visitor->server;
  uint32_t wait_ms;

  if (!bsd_allowance_take(server->allowance, &wait_ms, visitor->key, bs_clock_monotonic_ms())) {
    bsd_count(&server->first->service.metrics.throttled, 1);
    bsd_web_refuse(visitor, 429, "Your address has asked as often as it may; try again in a second.");
    return false;
  }
  if (!bsd_service_is_full(&server->first->service)) return true;
  bsd_web_refuse(visitor, 503, "As many replies wait to be taken as may; try again later.");
  return false;
}

/* Metrics tell why nothing else is answered. */
static void answer_path(struct bsd_visitor *visitor, const struct bsd_http_head *head, const char *path,
                        const struct evkeyvalq *query) {
  bool metrics = strcmp(path, "/metrics") == 0;

  if (!metrics && !may_ask(visitor)) return;
  bsd_service_look(&visitor->server->first->service);
  if (metrics) show_metrics(visitor);
  else if (strcmp(path, "/") == 0) show_page(visitor, query);
  else if (strcmp(path, "/v1/info") == 0) show_info(visitor);
  else if (strncmp(path, "/v1/", 4) == 0 && is_known(visitor, head)) return;
  else if (strcmp(path, "/v1/names") == 0) list_names(visitor, query);
  else if (strncmp(path, "/v1/", 4) != 0 || !route(visitor, path + 4)) send_problem(visitor, 404, "There is no such path.");
}

/* Takes the target apart and answers it; false: it is malformed. */
static bool answer_target(struct bsd_visitor *visitor, const struct bsd_http_head *head, const struct evhttp_uri *uri) {
  const char *query_text = uri == NULL ? NULL : evhttp_uri_get_query(uri);
  const char *encoded = uri == NULL ? NULL : evhttp_uri_get_path(uri);
  struct evkeyvalq query = {NULL, NULL};
  size_t length = 0;
  char *path BS_AUTO_FREE = encoded == NULL ? NULL : evhttp_uridecode(encoded, 0, &length);
  bool good = path != NULL && strlen(path) == length && bs_utf8_valid(path, length) &&
              (query_text == NULL || evhttp_parse_query_str(query_text, &query) == 0);

  if (good) answer_path(visitor, head, path, &query);
  evhttp_clear_headers(&query);
  return good;
}

void bsd_web_answer(struct bsd_visitor *visitor, const struct bsd_http_head *head) {
  char *target BS_AUTO_FREE = strndup(head->target.text, head->target.length);
  struct evhttp_uri *uri = target == NULL ? NULL : evhttp_uri_parse_with_flags(target, EVHTTP_URI_NONCONFORMANT);

  bsd_count(&visitor->server->first->service.metrics.http_requests, 1);
  visitor->is_head = head->method == BSD_HTTP_HEAD;
  if (head->method == BSD_HTTP_OTHER)
    send_problem_with(visitor, 405, NO_STORE "Allow: GET, HEAD\r\n", "This side is for reading.");
  else if (!answer_target(visitor, head, uri)) send_problem(visitor, 400, "The path or its query is malformed.");
  if (uri != NULL) evhttp_uri_free(uri);
}
