/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/page.h"
#include "tools/blockstored/visitor.h"

#define OTHER_DESCRIPTORS 64 /* beside connections: databases, listeners, the lanes' own */
#define OF_A_LOOP 16         /* its database, its own */

void bsd_notify(const char *state) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = path == NULL ? 0 : strlen(path);
  int fd BS_AUTO_CLOSE = -1;

  if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
    BSD_JOURNAL(BS_LOG_WARNING, "notify", BSD_TEXT("why", "the service manager cannot be told"));
}

/* What the chain's source has come to. */
static void look_at_source(struct bsd_server *server) {
  bsd_service_look(&server->first->service);
  if (!bsd_service_has_failed(&server->first->service, &server->error)) return;
  BSD_JOURNAL(BS_LOG_ERROR, "failed", BSD_TEXT("message", server->error.message));
  event_base_loopexit(server->first->base, NULL);
}

void bsd_server_tick(struct bsd_server *server, uint64_t now_ms) {
  bsd_listen_again(server);
  look_at_source(server);
  bsd_visitors_tick(server, now_ms);
  bsd_journal_tick();
  if (server->first->is_stopping && now_ms >= server->stop_by_ms) event_base_loopexit(server->first->base, NULL);
}

static size_t connections(const struct bsd_server *server) {
  return bsd_crowd_count(server->crowd) + bsd_crowd_count(server->http_crowd);
}

/* The first signal: no new peers, and what was asked is answered.  The second: at once. */
static void told_to_end(evutil_socket_t number, short what, void *user) {
  struct bsd_server *server = user;
  struct bsd_loop *first = server->first;

  (void)what;
  BSD_JOURNAL(BS_LOG_INFO, "stopping", BSD_TEXT("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"),
              BSD_NUMBER("connections", connections(server)));
  bsd_notify("STOPPING=1");
  bsd_listen_end(server);
  server->stop_by_ms = first->is_stopping ? 0 : bs_clock_monotonic_ms() + (uint64_t)server->settings->stop_ms;
  first->is_stopping = true;
  bsd_loops_finish(server);
  bsd_peers_finish(first);
  bsd_visitors_finish(server);
  bsd_loop_left(first);
  if (server->stop_by_ms <= bs_clock_monotonic_ms()) event_base_loopexit(first->base, NULL);
}

/* ---- connections that are one too many ---- */

const char *bsd_full_text(enum bsd_entry why) {
  return why == BSD_FULL_OF_ONE ? "The server has as many connections of your address as it may; end one of them first."
                                : "The server has as many connections as it may; try again later.";
}

void bsd_server_note_refused(struct bsd_server *server, const char *side, const struct sockaddr *address, enum bsd_entry why) {
  char text[BSD_PEER_TEXT];

  bsd_count(&server->first->service.metrics.connections_refused, 1);
  bsd_peer_text(text, address);
  BSD_JOURNAL_OFTEN(BS_LOG_WARNING, "refused", BSD_TEXT("peer", text), BSD_TEXT("side", side),
                    BSD_TEXT("why", why == BSD_FULL_OF_ONE ? "too many connections of one address" : "too many connections"));
}

/* ---- its life ---- */

static bool hear_signals(struct bsd_server *server, struct bs_error *error) {
  static const int numbers[2] = {SIGTERM, SIGINT};

  for (size_t i = 0; i < 2; i++) {
    server->signals[i] = evsignal_new(server->first->base, numbers[i], told_to_end, server);
    if (server->signals[i] == NULL || event_add(server->signals[i], NULL) != 0)
      return bs_fail(error, BS_WORD_failed, "The loop could not be prepared for signals.");
  }
  return true;
}

static bool open_loops(struct bsd_server *server, struct bs_error *error) {
  size_t count = server->settings->threads < 1 ? 1 : (size_t)server->settings->threads;

  for (; server->loop_count < count; server->loop_count++) {
    if (!bsd_loop_open(&server->loops[server->loop_count], server, server->first, error)) return false;
    server->first = server->loops[0];
  }
  return true;
}

static bool start_loops(struct bsd_server *server, struct bs_error *error) {
  for (size_t i = 1; i < server->loop_count; i++)
    if (!bsd_loop_start(server->loops[i], error)) return false;
  return true;
}

/* As many descriptors as there may be connections. */
static void raise_limit(const struct bsd_settings *settings) {
  struct rlimit limit, more;
  rlim_t wanted = (rlim_t)settings->connections + BSD_REFUSED_MAX + OTHER_DESCRIPTORS;

  wanted += (rlim_t)settings->threads * OF_A_LOOP;

  if (strcmp(settings->http, "off") != 0) wanted += (rlim_t)settings->connections;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  more = limit;
  more.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
  if (setrlimit(RLIMIT_NOFILE, &more) == 0) limit = more;
  if (limit.rlim_cur < wanted)
    BSD_JOURNAL(BS_LOG_WARNING, "descriptors", BSD_NUMBER("allowed", limit.rlim_cur), BSD_NUMBER("wanted", wanted));
}

/* libevent's own words are lines of the log, too. */
static void hear_libevent(int severity, const char *message) {
  enum bs_log_level level = severity == EVENT_LOG_ERR    ? BS_LOG_ERROR
                            : severity == EVENT_LOG_WARN ? BS_LOG_WARNING
                            : severity == EVENT_LOG_MSG  ? BS_LOG_INFO
                                                         : BS_LOG_DEBUG;

  BSD_JOURNAL_OFTEN(level, "libevent", BSD_TEXT("message", message));
}

static bool open_server(struct bsd_server *server, const struct bsd_settings *settings, struct bs_error *error) {
  server->settings = settings;
  server->allowance = bsd_allowance_new((uint64_t)settings->request_rate);
  server->crowd = bsd_crowd_new((size_t)settings->connections, (size_t)settings->connections_of_one);
  server->http_crowd = bsd_crowd_new((size_t)settings->connections, (size_t)settings->connections_of_one);
  bsd_page_policy(&server->page_policy);
  if (server->allowance == NULL || server->crowd == NULL || server->http_crowd == NULL ||
      server->page_policy.failed)
    return bs_fail_memory(error);
  return open_loops(server, error) && bsd_lanes_open(&server->lanes, &server->first->service, error) &&
         hear_signals(server, error) && bsd_listen(server, error) && start_loops(server, error);
}

static void close_server(struct bsd_server *server) {
  bsd_listen_end(server);
  bsd_visitors_free(server);
  for (size_t i = 0; i < server->loop_count; i++) bsd_peers_free(server->loops[i]);
  bsd_lanes_close(server->lanes);
  for (size_t i = 0; i < 2; i++)
    if (server->signals[i] != NULL) event_free(server->signals[i]);
  for (size_t i = server->loop_count; i-- > 0;) bsd_loop_free(server->loops[i]);
  bsd_allowance_free(server->allowance);
  bsd_crowd_free(server->crowd);
  bsd_crowd_free(server->http_crowd);
  bs_buffer_free(&server->page_policy);
  pthread_cond_destroy(&server->fewer);
  pthread_mutex_destroy(&server->mutex);
  libevent_global_shutdown();
}

bool bsd_server_run(const struct bsd_settings *settings, struct bs_error *error) {
  struct bsd_server server = {
      .ended = {.open = bsd_loops_ended}, .mutex = PTHREAD_MUTEX_INITIALIZER, .fewer = PTHREAD_COND_INITIALIZER};
  bool good;

  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  event_set_log_callback(hear_libevent);
  raise_limit(settings);
  good = open_server(&server, settings, error);
  if (good) {
    BSD_JOURNAL(BS_LOG_INFO, "started", BSD_TEXT("version", PACKAGE_VERSION), BSD_TEXT("source", settings->source),
                BSD_NUMBER("threads", server.loop_count), BSD_NUMBER("block", server.first->service.moment.block));
    bsd_notify("READY=1");
    good = event_base_dispatch(server.first->base) >= 0 || bs_fail(error, BS_WORD_failed, "The loop ended.");
    bsd_loops_end(&server);
    if (server.error.word != BS_NO_WORD) *error = server.error;
    good = good && server.error.word == BS_NO_WORD;
    BSD_JOURNAL(BS_LOG_INFO, "stopped", BSD_NUMBER("unanswered", connections(&server)));
  }
  bsd_loops_end(&server);
  close_server(&server);
  return good;
}
