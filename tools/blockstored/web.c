/* SPDX-License-Identifier: MIT */
/*
 * A path becomes the RPC's request, which is answered as if it had come over the RPC: one reply for both sides.  Each
 * connection has one request and then ends, so that at most as many are open as came within the time they have.
 */
#include <config.h>

#include "tools/blockstored/web.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/page.h"

#define TIMEOUT_S 15
#define HEADERS_MAX 8192
#define COUNT_MAX 1000 /* names of one reply */
#define SIDES_MAX 8

struct bsd_web {
  struct evhttp *http;
  struct evhttp_bound_socket *sockets[SIDES_MAX];
  size_t socket_count;
  struct bs_buffer policy;
  struct waiting *waiting; /* for a lane, doubly linked */
  int64_t accepted;        /* since the last look */
  uint64_t looked_ms;
};

/* A request whose answer is made on a lane. */
struct waiting {
  struct bsd_server *server;
  struct waiting *next, *previous;
  struct evhttp_request *request;
  struct bsd_job *job;
  const char *absent;
};

/* ---- replies ---- */

static void add_header(struct evhttp_request *request, const char *name, const char *value) {
  evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

/* What failed now may go well a moment later, in the same state of the chain. */
static void forbid_keeping(struct evhttp_request *request) {
  evhttp_remove_header(evhttp_request_get_output_headers(request), "ETag");
  evhttp_remove_header(evhttp_request_get_output_headers(request), "Cache-Control");
  add_header(request, "Cache-Control", "no-store");
}

/* To HEAD, libevent would send a body, and no length. */
static void add_body(struct evhttp_request *request, const void *bytes, size_t length) {
  char text[24];

  if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD) {
    evbuffer_add(evhttp_request_get_output_buffer(request), bytes, length);
    return;
  }
  snprintf(text, sizeof text, "%zu", length);
  add_header(request, "Content-Length", text);
}

static void send_reply(struct bsd_server *server, struct evhttp_request *request, int status, const char *type,
                       const void *bytes, size_t length) {
  static const char *const reasons[][2] = {{"200", "OK"}, {"304", "Not Modified"}, {"400", "Bad Request"}, {"404", "Not Found"},
                                           {"405", "Method Not Allowed"}, {"503", "Service Unavailable"}};
  const char *reason = "Error";
  char number[8];

  snprintf(number, sizeof number, "%d", status);
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
    if (strcmp(reasons[i][0], number) == 0) reason = reasons[i][1];
  add_header(request, "Content-Type", type);
  add_header(request, "X-Content-Type-Options", "nosniff");
  add_header(request, "Referrer-Policy", "no-referrer");
  add_header(request, "Content-Security-Policy",
             strncmp(type, "text/html", 9) == 0 ? bs_buffer_string(&server->web->policy)
                                                : "default-src 'none'; frame-ancestors 'none'");
  add_header(request, "Connection", "close");
  if (status != 304) add_body(request, bytes, length);
  BSD_JOURNAL(BS_LOG_DEBUG, "http", BSD_NUMBER("status", (uint64_t)status));
  evhttp_send_reply(request, status, reason, NULL);
}

static void send_problem(struct bsd_server *server, struct evhttp_request *request, int status, const char *sentence) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_text(&json, "{\"error\":");
  bs_json_write_string(&json, sentence, strlen(sentence));
  bs_buffer_text(&json, "}\n");
  forbid_keeping(request);
  send_reply(server, request, status, "application/json", json.bytes, json.length);
}

/* Of an error of the RPC. */
static int status_of(const struct bs_buffer *reply) {
  static const char usage[] = "\"code\":\"usage\"}]", not_found[] = "\"code\":\"not_found\"}]";
  const char *end = (const char *)reply->bytes + reply->length;

  if (reply->length > sizeof usage && memcmp(end - sizeof usage + 1, usage, sizeof usage - 1) == 0) return 400;
  if (reply->length > sizeof not_found && memcmp(end - sizeof not_found + 1, not_found, sizeof not_found - 1) == 0) return 404;
  return 503;
}

/* What the RPC replied, without the array around it.  absent: a text that says that there is no such thing. */
static void send_result(struct bsd_server *server, struct evhttp_request *request, struct bs_buffer *reply, const char *absent) {
  static const char error[] = "[{\"error\":";
  const char *text = bs_buffer_string(reply);

  if (text == NULL || reply->length < 2 || text[0] != '[') {
    send_problem(server, request, 503, "The answer could not be made.");
    return;
  }
  if (strncmp(text, error, sizeof error - 1) == 0) {
    forbid_keeping(request);
    send_reply(server, request, status_of(reply), "application/json", text + 1, reply->length - 2);
  } else if (strcmp(text, "[null]") == 0 || (absent != NULL && strstr(text, absent) != NULL)) {
    send_problem(server, request, 404, "There is none.");
  } else {
    send_reply(server, request, 200, "application/json", text + 1, reply->length - 2);
  }
}

/* ---- through the RPC ---- */

static void unlink_waiting(struct waiting *waiting) {
  struct bsd_web *web = waiting->server->web;

  if (waiting->next != NULL) waiting->next->previous = waiting->previous;
  if (waiting->previous != NULL) waiting->previous->next = waiting->next;
  else web->waiting = waiting->next;
  free(waiting);
}

static void gone(struct evhttp_connection *connection, void *user) {
  struct waiting *waiting = user;

  (void)connection;
  atomic_store(&waiting->job->is_dropped, true);
  unlink_waiting(waiting);
}

static void lane_done(struct bsd_job *job, void *user) {
  struct waiting *waiting = user;

  struct evhttp_connection *connection = evhttp_request_get_connection(waiting->request);
  struct bufferevent *event = evhttp_connection_get_bufferevent(connection);

  evhttp_connection_set_closecb(connection, NULL, NULL);
  send_result(waiting->server, waiting->request, &job->reply, waiting->absent);
  bufferevent_enable(event, EV_READ); /* what came meanwhile is thrown away now */
  unlink_waiting(waiting);
}

/* Nothing is read until the reply is on its way: evhttp ends the process (event_errx) when bytes come in between. */
static void wait_for_lane(struct bsd_server *server, struct evhttp_request *request, const struct bsd_frame *frame,
                          const struct bs_buffer *text, const char *absent) {
  struct bs_error error = {.message = "There is no memory."};
  struct waiting *waiting = calloc(1, sizeof *waiting);
  struct bsd_job *job = waiting == NULL
                            ? NULL
                            : bsd_lanes_run(server->lanes, frame->lane, 0, text->bytes, text->length, lane_done, waiting, &error);

  if (job == NULL) {
    free(waiting);
    send_problem(server, request, 503, error.message);
    return;
  }
  *waiting = (struct waiting){server, server->web->waiting, NULL, request, job, absent};
  if (waiting->next != NULL) waiting->next->previous = waiting;
  server->web->waiting = waiting;
  evhttp_connection_set_closecb(evhttp_request_get_connection(request), gone, waiting);
  bufferevent_disable(evhttp_connection_get_bufferevent(evhttp_request_get_connection(request)), EV_READ);
}

/* text: the RPC's request. */
static void ask(struct bsd_server *server, struct evhttp_request *request, const struct bs_buffer *text, const char *absent) {
  struct bs_buffer reply BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bsd_frame frame;

  bsd_frame_read(&frame, &server->service, text->bytes, text->length);
  if (frame.is_json && frame.lane != BSD_AT_ONCE) {
    wait_for_lane(server, request, &frame, text, absent);
    return;
  }
  bsd_frame_answer(&frame, &server->service, &reply);
  send_result(server, request, &reply, absent);
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

static void list_names(struct bsd_server *server, struct evhttp_request *request, const struct evkeyvalq *query) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t offset = 0, count = 100;

  if (!take_number(&offset, query, "offset") || !take_number(&count, query, "count") || count > COUNT_MAX) {
    send_problem(server, request, 400, "offset is a whole number from 0 on, count one of 0 to 1000.");
    return;
  }
  bs_buffer_format(&text, "{\"method\":\"get_all_names\",\"params\":[%llu,%llu]}", (unsigned long long)offset,
                   (unsigned long long)count);
  ask(server, request, &text, NULL);
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
static bool route(struct bsd_server *server, struct evhttp_request *request, const char *path) {
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
      send_problem(server, request, 400, "A block is a whole number.");
      return true;
    }
    bs_buffer_format(&text, "{\"method\":\"%s\",\"params\":[", paths[i].method);
    if (paths[i].is_number) bs_buffer_add(&text, what, length);
    else bs_json_write_string(&text, what, length);
    bs_buffer_text(&text, "]}");
    ask(server, request, &text, paths[i].absent);
    return true;
  }
  return false;
}

/* The same as long as the chain is.  True: the client has it already. */
static bool is_known(struct bsd_server *server, struct evhttp_request *request) {
  const struct bs_moment *moment = &server->service.moment;
  const char *known = evhttp_find_header(evhttp_request_get_input_headers(request), "If-None-Match");
  char consensus[BS_CONSENSUS_TEXT], tag[80];

  bs_hex_encode(consensus, moment->consensus, sizeof moment->consensus);
  snprintf(tag, sizeof tag, "\"%llu-%s\"", (unsigned long long)moment->block, consensus);
  add_header(request, "ETag", tag);
  add_header(request, "Cache-Control", "no-cache");
  if (known == NULL || strstr(known, tag) == NULL) return false;
  send_reply(server, request, 304, "application/json", "", 0);
  return true;
}

static void show_page(struct bsd_server *server, struct evhttp_request *request, const struct evkeyvalq *query) {
  struct bs_buffer html BS_AUTO_BUFFER = BS_BUFFER_INIT;
  const char *name = evhttp_find_header(query, "name");
  struct bs_error error = {0};

  if (name != NULL && !bs_utf8_valid(name, strlen(name))) name = NULL;
  if (!bsd_page_write(&html, &server->service, name, &error)) {
    send_problem(server, request, 503, "The chain cannot be read now.");
    return;
  }
  add_header(request, "Cache-Control", "no-cache");
  send_reply(server, request, 200, "text/html; charset=utf-8", html.bytes, html.length);
}

static void show_metrics(struct bsd_server *server, struct evhttp_request *request) {
  struct bsd_service *service = &server->service;
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  uint64_t tip = bsd_counted(&service->metrics.tip), wanted;
  struct bsd_node node;

  bsd_service_node(service, &node);
  wanted = node.height;
  if (service->follower != NULL) /* what is not confirmed enough is not looked at */
    wanted -= wanted < (uint64_t)service->settings->confirmations ? wanted : (uint64_t)service->settings->confirmations;
  atomic_store(&service->metrics.node_blocks, node.height);
  atomic_store(&service->metrics.lag_blocks, wanted > tip ? wanted - tip : 0);
  atomic_store(&service->metrics.reorganisations, node.reorganisations);
  bsd_metrics_write(&text, &service->metrics, node.state);
  add_header(request, "Cache-Control", "no-store");
  send_reply(server, request, 200, "text/plain; version=0.0.4; charset=utf-8", text.bytes, text.length);
}

static void show_info(struct bsd_server *server, struct evhttp_request *request) {
  static const char text[] = "{\"method\":\"getinfo\"}";
  struct bs_buffer asked BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_text(&asked, text);
  add_header(request, "Cache-Control", "no-store");
  ask(server, request, &asked, NULL);
}

static void answer_path(struct bsd_server *server, struct evhttp_request *request, const char *path,
                        const struct evkeyvalq *query) {
  bsd_service_look(&server->service);
  if (strcmp(path, "/") == 0) {
    show_page(server, request, query);
  } else if (strcmp(path, "/metrics") == 0) {
    show_metrics(server, request);
  } else if (strcmp(path, "/v1/info") == 0) {
    show_info(server, request);
  } else if (strncmp(path, "/v1/", 4) != 0) {
    send_problem(server, request, 404, "There is no such path.");
  } else if (!is_known(server, request)) {
    if (strcmp(path, "/v1/names") == 0) list_names(server, request, query);
    else if (!route(server, request, path + 4)) send_problem(server, request, 404, "There is no such path.");
  }
}

static void request_event(struct evhttp_request *request, void *user) {
  struct bsd_server *server = user;
  const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
  const char *query_text = uri == NULL ? NULL : evhttp_uri_get_query(uri);
  enum evhttp_cmd_type command = evhttp_request_get_command(request);
  struct evkeyvalq query = {NULL, NULL};
  size_t length = 0;
  char *path BS_AUTO_FREE = uri == NULL || evhttp_uri_get_path(uri) == NULL
                                ? NULL
                                : evhttp_uridecode(evhttp_uri_get_path(uri), 0, &length);

  bsd_count(&server->service.metrics.http_requests, 1);
  if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD) {
    add_header(request, "Allow", "GET, HEAD");
    send_problem(server, request, 405, "This side is for reading.");
  } else if (path == NULL || strlen(path) != length || !bs_utf8_valid(path, length) ||
             (query_text != NULL && evhttp_parse_query_str(query_text, &query) != 0)) {
    send_problem(server, request, 400, "The path or its query is malformed.");
  } else {
    answer_path(server, request, path, &query);
  }
  evhttp_clear_headers(&query);
}

/* ---- connections ---- */

static void pause_sockets(struct bsd_web *web, bool pause) {
  for (size_t i = 0; i < web->socket_count; i++) {
    struct evconnlistener *listener = evhttp_bound_socket_get_listener(web->sockets[i]);

    if (pause) evconnlistener_disable(listener);
    else evconnlistener_enable(listener);
  }
}

/* Each connection that comes has its own; NULL: evhttp makes it. */
static struct bufferevent *connection_event(struct event_base *base, void *user) {
  struct bsd_server *server = user;

  (void)base;
  if (++server->web->accepted >= server->settings->connections) pause_sockets(server->web, true);
  return NULL;
}

void bsd_web_tick(struct bsd_server *server, uint64_t now_ms) {
  struct bsd_web *web = server->web;

  if (web == NULL || now_ms - web->looked_ms < TIMEOUT_S * UINT64_C(1000)) return;
  web->looked_ms = now_ms;
  web->accepted = 0;
  pause_sockets(web, false);
}

static struct bsd_web *web_new(struct bsd_server *server) {
  struct bsd_web *web = calloc(1, sizeof *web);

  if (web == NULL) return NULL;
  web->http = evhttp_new(server->base);
  bsd_page_policy(&web->policy);
  if (web->http == NULL || web->policy.failed) {
    if (web->http != NULL) evhttp_free(web->http);
    bs_buffer_free(&web->policy);
    free(web);
    return NULL;
  }
  web->looked_ms = bs_clock_monotonic_ms();
  /* What is not allowed is told so by ourselves. */
  evhttp_set_allowed_methods(web->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                            EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH);
  evhttp_set_max_headers_size(web->http, HEADERS_MAX);
  evhttp_set_max_body_size(web->http, HEADERS_MAX);
  evhttp_set_timeout(web->http, TIMEOUT_S);
  evhttp_set_gencb(web->http, request_event, server);
  evhttp_set_bevcb(web->http, connection_event, server);
  return web;
}

bool bsd_web_open(struct bsd_server *server, int fd, struct bs_error *error) {
  struct evhttp_bound_socket *bound = NULL;

  if (server->web == NULL) server->web = web_new(server);
  if (server->web != NULL && server->web->socket_count < SIDES_MAX)
    bound = evhttp_accept_socket_with_handle(server->web->http, fd);
  if (bound == NULL) {
    close(fd);
    return bs_fail_memory(error);
  }
  server->web->sockets[server->web->socket_count++] = bound;
  return true;
}

void bsd_web_close(struct bsd_server *server) {
  struct bsd_web *web = server->web;

  if (web == NULL) return;
  for (struct waiting *waiting = web->waiting, *next; waiting != NULL; waiting = next) {
    next = waiting->next;
    atomic_store(&waiting->job->is_dropped, true);
    evhttp_connection_set_closecb(evhttp_request_get_connection(waiting->request), NULL, NULL);
    free(waiting);
  }
  evhttp_free(web->http);
  bs_buffer_free(&web->policy);
  free(web);
  server->web = NULL;
}
