/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/visitor.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/web.h"

#define TAKE_MS 60000         /* for a reply to be taken; limits.idle, where that is less */
#define FULL_PATIENCE_MS 2000 /* the same, while no more replies may be made for anybody */
#define LINGER_MS 2000        /* for a visitor to see the end */
#define EXCESS_MAX (64u << 10) /* bytes that are read behind a request while its reply is made */

static size_t output_of(const struct bsd_visitor *visitor) {
  return evbuffer_get_length(bufferevent_get_output(visitor->bev));
}

static void count_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *user) {
  atomic_ullong *waiting = bsd_service_waiting(&((struct bsd_visitor *)user)->server->first->service);

  (void)buffer;
  bsd_count(waiting, info->n_added);
  bsd_uncount(waiting, info->n_deleted);
}

/* ---- its end ---- */

static void visitor_free(struct bsd_visitor *visitor) {
  struct bsd_server *server = visitor->server;

  if (visitor->job != NULL) bsd_lanes_drop(visitor->server->lanes, visitor->job);
  bsd_uncount(bsd_service_waiting(&server->first->service), output_of(visitor));
  evbuffer_remove_cb(bufferevent_get_output(visitor->bev), count_output, visitor);
  bufferevent_free(visitor->bev);
  if (visitor->next != NULL) visitor->next->previous = visitor->previous;
  if (visitor->previous != NULL) visitor->previous->next = visitor->next;
  else server->visitors = visitor->next;
  if (visitor->is_refused) server->refused--;
  else bsd_crowd_leave(server->http_crowd, visitor->key);
  free(visitor);
  bsd_loop_left(server->first);
}

static void begin(struct bsd_visitor *visitor, enum bsd_visit step) {
  visitor->step = step;
  visitor->since_ms = bs_clock_monotonic_ms();
}

/* Everything was sent: the visitor sees the end, and may still be sending. */
static void linger(struct bsd_visitor *visitor) {
  if (visitor->has_ended) {
    visitor_free(visitor);
    return;
  }
  begin(visitor, BSD_VISIT_LINGERING);
  shutdown(bufferevent_getfd(visitor->bev), SHUT_WR);
}

/* ---- its reply ---- */

static const char *reason_of(int status) {
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {{200, "OK"}, {304, "Not Modified"}, {400, "Bad Request"}, {403, "Forbidden"}, {404, "Not Found"},
                 {405, "Method Not Allowed"}, {413, "Content Too Large"}, {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"}, {503, "Service Unavailable"}};

  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
    if (reasons[i].status == status) return reasons[i].reason;
  return "Error";
}

static void write_head(struct bs_buffer *head, struct bsd_visitor *visitor, int status, const char *type, const char *headers,
                       size_t length) {
  char date[40];
  time_t now = time(NULL);
  struct tm parts;

  gmtime_r(&now, &parts);
  (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  bs_buffer_format(head, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n%s", status, reason_of(status), date, headers);
  if (status != 304) bs_buffer_format(head, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, length);
  bs_buffer_format(head, "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: %s\r\n\r\n",
                   strncmp(type, "text/html", 9) == 0 ? bs_buffer_string(&visitor->server->page_policy)
                                                      : "default-src 'none'; frame-ancestors 'none'");
}

void bsd_visitor_reply(struct bsd_visitor *visitor, int status, const char *type, const char *headers, const void *bytes,
                       size_t length) {
  struct bs_buffer head BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct evbuffer *output = bufferevent_get_output(visitor->bev);
  bool has_body = status != 304 && !visitor->is_head && length > 0;

  visitor->job = NULL;
  write_head(&head, visitor, status, type, headers, length);
  BSD_JOURNAL(BS_LOG_DEBUG, "http", BSD_NUMBER("status", (uint64_t)status));
  begin(visitor, BSD_VISIT_SENDING);
  if (head.failed || evbuffer_add(output, head.bytes, head.length) != 0 ||
      (has_body && evbuffer_add(output, bytes, length) != 0)) {
    /* There is no memory: the end is all that can be said. */
    shutdown(bufferevent_getfd(visitor->bev), SHUT_RDWR);
    return;
  }
  bsd_count(&visitor->server->first->service.metrics.bytes_out, output_of(visitor));
  bufferevent_enable(visitor->bev, EV_READ | EV_WRITE);
}

/* ---- events ---- */

static void read_request(struct bsd_visitor *visitor, struct evbuffer *input) {
  size_t length = evbuffer_get_length(input);
  const unsigned char *bytes = evbuffer_pullup(input, -1);
  struct bsd_http_head head;

  switch (bytes == NULL ? BSD_HTTP_PARTIAL : bsd_http_read(&head, bytes, length)) {
    case BSD_HTTP_PARTIAL: return;
    case BSD_HTTP_WHOLE:
      begin(visitor, BSD_VISIT_ASKING);
      bsd_web_answer(visitor, &head);
      break;
    case BSD_HTTP_MALFORMED: bsd_web_refuse(visitor, 400, "This is no request of HTTP/1.1."); break;
    case BSD_HTTP_TOO_LARGE: bsd_web_refuse(visitor, 431, "A request and its headers have at most 8,192 bytes."); break;
  }
}

static void read_event(struct bufferevent *bev, void *user) {
  struct bsd_visitor *visitor = user;
  struct evbuffer *input = bufferevent_get_input(bev);

  if (visitor->step == BSD_VISIT_READING) read_request(visitor, input);
  if (visitor->step == BSD_VISIT_READING) return;
  visitor->excess += evbuffer_get_length(input);
  evbuffer_drain(input, SIZE_MAX);
  if (visitor->step == BSD_VISIT_ASKING && visitor->excess > EXCESS_MAX) bufferevent_disable(bev, EV_READ);
}

/* All that waited was taken. */
static void write_event(struct bufferevent *bev, void *user) {
  struct bsd_visitor *visitor = user;

  (void)bev;
  if (visitor->step == BSD_VISIT_SENDING) linger(visitor);
}

/* One who goes before the reply is made wants none. */
static void other_event(struct bufferevent *bev, short what, void *user) {
  struct bsd_visitor *visitor = user;

  (void)bev;
  if ((what & BEV_EVENT_EOF) != 0 && visitor->step == BSD_VISIT_SENDING && output_of(visitor) > 0) visitor->has_ended = true;
  else visitor_free(visitor);
}

static void count_read(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *user) {
  struct bsd_visitor *visitor = user;

  (void)buffer;
  if (info->n_added > 0) bsd_count(&visitor->server->first->service.metrics.bytes_in, info->n_added);
}

/* ---- its beginning ---- */

static bool open_visitor(struct bsd_visitor *visitor, evutil_socket_t fd) {
  visitor->bev = bufferevent_socket_new(visitor->server->first->base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (visitor->bev == NULL) return false;
  bufferevent_setcb(visitor->bev, read_event, write_event, other_event, visitor);
  bufferevent_setwatermark(visitor->bev, EV_READ, 0, BSD_HTTP_HEAD_MAX);
  evbuffer_add_cb(bufferevent_get_input(visitor->bev), count_read, visitor);
  evbuffer_add_cb(bufferevent_get_output(visitor->bev), count_output, visitor);
  return bufferevent_enable(visitor->bev, EV_READ | EV_WRITE) == 0;
}

static void join(struct bsd_server *server, struct bsd_visitor *visitor) {
  visitor->next = server->visitors;
  if (visitor->next != NULL) visitor->next->previous = visitor;
  server->visitors = visitor;
  if (visitor->is_refused) server->refused++;
}

static struct bsd_visitor *visitor_new(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address) {
  struct bsd_visitor *visitor = calloc(1, sizeof *visitor);

  if (visitor == NULL) {
    close(fd);
    return NULL;
  }
  visitor->server = server;
  visitor->key = bsd_allowance_key(address);
  bsd_peer_text(visitor->text, address);
  begin(visitor, BSD_VISIT_READING);
  if (open_visitor(visitor, fd)) return visitor;
  if (visitor->bev != NULL) bufferevent_free(visitor->bev);
  else close(fd);
  free(visitor);
  return NULL;
}

void bsd_visitor_accept(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length) {
  enum bsd_entry entry = bsd_crowd_enter(server->http_crowd, bsd_allowance_key(address));
  struct bsd_visitor *visitor;

  (void)length;
  if (entry != BSD_ENTERED) {
    bsd_server_note_refused(server, "http", address, entry);
    if (server->refused >= BSD_REFUSED_MAX) {
      close(fd);
      return;
    }
  }
  visitor = visitor_new(server, fd, address);
  if (visitor == NULL) {
    if (entry == BSD_ENTERED) bsd_crowd_leave(server->http_crowd, bsd_allowance_key(address));
    return;
  }
  visitor->is_refused = entry != BSD_ENTERED;
  join(server, visitor);
  if (visitor->is_refused) bsd_web_refuse(visitor, 503, bsd_full_text(entry));
}

/* ---- all of them ---- */

static uint64_t time_of(const struct bsd_visitor *visitor) {
  const struct bsd_settings *settings = visitor->server->settings;

  switch (visitor->step) {
    case BSD_VISIT_READING: return (uint64_t)settings->patience_ms;
    case BSD_VISIT_ASKING: return UINT64_MAX; /* it waits for us */
    case BSD_VISIT_LINGERING: return LINGER_MS;
    case BSD_VISIT_SENDING: break;
  }
  if (bsd_service_is_full(&visitor->server->first->service)) return FULL_PATIENCE_MS;
  return settings->idle_ms < TAKE_MS ? (uint64_t)settings->idle_ms : TAKE_MS;
}

void bsd_visitors_tick(struct bsd_server *server, uint64_t now_ms) {
  struct bsd_metrics *metrics = &server->first->service.metrics;

  for (struct bsd_visitor *visitor = server->visitors, *next; visitor != NULL; visitor = next) {
    next = visitor->next;
    if (now_ms < visitor->since_ms || now_ms - visitor->since_ms < time_of(visitor)) continue;
    if (visitor->step == BSD_VISIT_READING) bsd_count(&metrics->dropped_idle, 1);
    if (visitor->step == BSD_VISIT_SENDING) bsd_count(&metrics->dropped_slow, 1);
    visitor_free(visitor);
  }
}

void bsd_visitors_finish(struct bsd_server *server) {
  for (struct bsd_visitor *visitor = server->visitors; visitor != NULL; visitor = visitor->next)
    if (visitor->step == BSD_VISIT_READING) shutdown(bufferevent_getfd(visitor->bev), SHUT_RD);
}

void bsd_visitors_free(struct bsd_server *server) {
  while (server->visitors != NULL) visitor_free(server->visitors);
}
