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
#include "tools/blockstored/crowd.h"
#include "tools/blockstored/lane.h"
#include "tools/blockstored/service.h"

#define BSD_PEER_TEXT 72   /* "[ADDRESS]:PORT", "unix" */
#define BSD_REFUSED_MAX 64 /* connections that are one too many, and still hear why */

struct bsd_visitor;
struct bsd_listener;

struct bsd_server {
  struct event_base *base;
  const struct bsd_settings *settings;
  struct bsd_service service;
  struct bsd_lanes *lanes;
  struct bsd_allowance *allowance;
  struct bsd_listener *listeners; /* of both sides, each with its next */
  struct bsd_peer *peers;         /* all connections of the RPC, in a ring through `next` and `previous`; NULL: none */
  size_t peer_count;              /* in the ring */
  struct bsd_crowd *crowd;        /* of them, without those that are refused */
  struct bsd_visitor *visitors;   /* all connections of the HTTP side */
  struct bsd_crowd *http_crowd;
  size_t refused; /* of both sides, on their way out */
  struct bs_buffer page_policy;
  struct event *turn_end;   /* of the loop's turn: until then a state of the chain is held for all requests */
  bool is_in_turn;          /* it will come */
  struct bs_buffer reply;   /* in the making; as large as the last few of them */
  struct bs_buffer replies; /* of one visit of one peer: frames that go out together */
  struct event *tick; /* each second: idle peers, the chain's end */
  struct event *signals[2];
  bool stopping;
  struct bs_error error; /* why it ends by itself; no word: it does not */
  uint64_t stop_by_ms;
};

/* ---- peer.c ---- */
struct bsd_peer;
/* Takes the socket over; one too many is told so. */
void bsd_peer_accept(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length);
/* Ends those that are idle or slow. */
void bsd_peers_tick(struct bsd_server *server, uint64_t now_ms);
/* Answers what has arrived, then ends each. */
void bsd_peers_finish(struct bsd_server *server);
void bsd_peers_free(struct bsd_server *server);

/* ---- listen.c ---- */
/* Opens all addresses, or takes those that the service manager handed over; sockets of the HTTP side apart.
 * Words: config (what the text should be), io, denied, conflict (somebody else listens there). */
bool bsd_listen(struct bsd_server *server, struct bs_error *error);
/* Closes all, and removes the unix sockets that it made. */
void bsd_listen_end(struct bsd_server *server);
/* Lets those that rested, as there were no descriptors, take connections again. */
void bsd_listen_again(struct bsd_server *server);
void bsd_peer_text(char text[BSD_PEER_TEXT], const struct sockaddr *address);

/* ---- server.c ---- */
/* Runs until it is told to end.  Words: config, no_names, io, failed ... */
bool bsd_server_run(const struct bsd_settings *settings, struct bs_error *error);
/* A connection has gone: when it is to end, and this was the last one, it does. */
void bsd_server_left(struct bsd_server *server);
/* Counts a connection that is one too many, and tells of it.  side: "rpc", "http". */
void bsd_server_note_refused(struct bsd_server *server, const char *side, const struct sockaddr *address, enum bsd_entry why);
/* The sentence for who is refused. */
const char *bsd_full_text(enum bsd_entry why);
/* When it is ready, or ends, for the service manager (NOTIFY_SOCKET); nothing where there is none. */
void bsd_notify(const char *state);

#endif
