/* SPDX-License-Identifier: MIT */
/*
 * The server: one loop (libevent) with all connections on one thread, and lanes, threads for what takes long.  A connection's
 * requests are answered in their order: while one of them is on a lane, those behind it wait.
 */
#ifndef BLOCKSTORED_SERVER_H
#define BLOCKSTORED_SERVER_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <sys/socket.h>

#include "tools/blockstored/allowance.h"
#include "tools/blockstored/lane.h"
#include "tools/blockstored/service.h"

#define BSD_PEER_TEXT 72 /* "[ADDRESS]:PORT", "unix" */

struct bsd_web;

struct bsd_server {
  struct event_base *base;
  const struct bsd_settings *settings;
  struct bsd_service service;
  struct bsd_lanes *lanes;
  struct bsd_allowance *allowance;
  struct bsd_web *web; /* NULL: off */
  struct evconnlistener **listeners;
  size_t listener_count;
  struct bsd_peer *peers; /* all connections, in a ring through `next` and `previous`; NULL: none */
  size_t peer_count;
  struct event *tick; /* each second: idle peers, the chain's end */
  struct event *signals[2];
  bool stopping;
  struct bs_error error; /* why it ends by itself; no word: it does not */
  uint64_t stop_by_ms;
};

/* ---- peer.c ---- */
struct bsd_peer;
/* Takes the socket over; beyond the limit it is refused and closed. */
void bsd_peer_accept(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length);
/* Ends those that are idle or slow. */
void bsd_peers_tick(struct bsd_server *server, uint64_t now_ms);
/* Answers what has arrived, then ends each. */
void bsd_peers_finish(struct bsd_server *server);
void bsd_peers_free(struct bsd_server *server);

/* ---- listen.c ---- */
/* Opens all addresses, or takes those that the service manager handed over; sockets of the HTTP side apart. */
bool bsd_listen(struct bsd_server *server, struct bs_error *error);
void bsd_listen_end(struct bsd_server *server);
/* One listening socket.  Words: config (what the text should be), io, denied, conflict (somebody else listens there). */
bool bsd_listen_on(int *ret_fd, const char *text, struct bs_error *error);
void bsd_peer_text(char text[BSD_PEER_TEXT], const struct sockaddr *address);

/* ---- server.c ---- */
/* Runs until it is told to end.  Words: config, no_names, io, failed ... */
bool bsd_server_run(const struct bsd_settings *settings, struct bs_error *error);
/* When it is ready, or ends, for the service manager (NOTIFY_SOCKET); nothing where there is none. */
void bsd_notify(const char *state);

#endif
