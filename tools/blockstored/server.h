/* SPDX-License-Identifier: MIT */
/*
 * The server: loops (libevent), each on a thread of its own, and lanes, threads for what takes long.  The first loop listens, and
 * has the HTTP side and the signals; a connection of the RPC goes to the loop that has the fewest, and stays there.  A
 * connection's requests are answered in their order: while one of them is on a lane, those behind it wait.
 *
 * libevent has no locks here: what belongs to a loop is touched on its thread alone, and others put letters into its mailbox.
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
#include "tools/blockstored/mailbox.h"
#include "tools/blockstored/service.h"

#define BSD_PEER_TEXT 72   /* "[ADDRESS]:PORT", "unix" */
#define BSD_REFUSED_MAX 64 /* connections that are one too many, and still hear why */

struct bsd_visitor;
struct bsd_listener;

struct bsd_loop {
  struct bsd_server *server;
  struct event_base *base;
  struct bsd_service service;
  struct bsd_mailbox *mailbox;
  struct bsd_peer *peers;   /* its connections of the RPC, in a ring through `next` and `previous`; NULL: none */
  size_t peer_count;        /* in the ring */
  atomic_size_t given;      /* connections, also those that are on their way to it */
  struct event *turn_end;   /* of the loop's turn: until then a state of the chain is held for all requests */
  bool is_in_turn;          /* it will come */
  struct bs_buffer reply;   /* in the making; as large as the last few of them */
  struct bs_buffer replies; /* of one visit of one peer: frames that go out together */
  struct event *tick;       /* each second: idle peers; the first one's: the chain's end, too */
  bool is_stopping;         /* it ends with its last connection */
  struct bsd_letter finish; /* to it: answer what has arrived, and stop */
  struct bsd_letter end;    /* to it: stop at once */
};

struct bsd_server {
  const struct bsd_settings *settings;
  struct bsd_loop *first; /* of the loops, on the thread that runs the server; what follows is its own, but where it says more */
  struct bsd_loop *loops[BSD_THREADS_MAX];
  size_t loop_count;
  struct bsd_letter ended; /* to the first: another one has */
  pthread_mutex_t mutex; /* `running` */
  pthread_cond_t fewer;  /* it fell */
  size_t running;        /* loops beside the first that have a thread */
  struct bsd_lanes *lanes;         /* any loop's */
  struct bsd_allowance *allowance; /* the same */
  struct bsd_crowd *crowd;         /* the same: connections of the RPC, without those that are refused */
  struct bsd_listener *listeners; /* of both sides, each with its next */
  struct bsd_visitor *visitors;   /* all connections of the HTTP side */
  struct bsd_crowd *http_crowd;
  size_t refused; /* of both sides, on their way out; the first loop has them */
  struct bs_buffer page_policy;
  struct event *signals[2];
  struct bs_error error; /* why it ends by itself; no word: it does not */
  uint64_t stop_by_ms;
};

/* ---- peer.c ---- */
struct bsd_peer;
/* Takes the socket over; one too many is told so. */
void bsd_peer_accept(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length);
/* Ends those that are idle or slow. */
void bsd_peers_tick(struct bsd_loop *loop, uint64_t now_ms);
/* Answers what has arrived, then ends each. */
void bsd_peers_finish(struct bsd_loop *loop);
void bsd_peers_free(struct bsd_loop *loop);

/* ---- listen.c ---- */
/* Opens all addresses, or takes those that the service manager handed over; sockets of the HTTP side apart.
 * Words: config (what the text should be), io, denied, conflict (somebody else listens there). */
bool bsd_listen(struct bsd_server *server, struct bs_error *error);
/* Closes all, and removes the unix sockets that it made. */
void bsd_listen_end(struct bsd_server *server);
/* Lets those that rested, as there were no descriptors, take connections again. */
void bsd_listen_again(struct bsd_server *server);
void bsd_peer_text(char text[BSD_PEER_TEXT], const struct sockaddr *address);

/* ---- loop.c ---- */
/* A loop with its service, which is made beside that of `first`; NULL: it is the first. */
bool bsd_loop_open(struct bsd_loop **ret_loop, struct bsd_server *server, struct bsd_loop *first, struct bs_error *error);
/* Starts a thread for one that is not the first. */
bool bsd_loop_start(struct bsd_loop *loop, struct bs_error *error);
/* A connection has gone: when it is to end, and this was the last one, it does. */
void bsd_loop_left(struct bsd_loop *loop);
/* Holds a state of the chain, the newest, to the end of the loop's turn: what all peers ask in it costs one look. */
void bsd_loop_hold(struct bsd_loop *loop);
/* Ends all but the first: gently, when what has arrived was answered; or at once, and waits for it. */
void bsd_loops_finish(struct bsd_server *server);
void bsd_loops_end(struct bsd_server *server);
void bsd_loops_ended(struct bsd_letter *letter); /* opens server->ended */
/* When its thread has ended.  The first one's service goes last, after the lanes. */
void bsd_loop_free(struct bsd_loop *loop); /* NULL is allowed */

/* ---- server.c ---- */
/* Each second, on the first loop. */
void bsd_server_tick(struct bsd_server *server, uint64_t now_ms);
/* Runs until it is told to end.  Words: config, no_names, io, failed ... */
bool bsd_server_run(const struct bsd_settings *settings, struct bs_error *error);
/* Counts a connection that is one too many, and tells of it.  side: "rpc", "http". */
void bsd_server_note_refused(struct bsd_server *server, const char *side, const struct sockaddr *address, enum bsd_entry why);
/* The sentence for who is refused. */
const char *bsd_full_text(enum bsd_entry why);
/* When it is ready, or ends, for the service manager (NOTIFY_SOCKET); nothing where there is none. */
void bsd_notify(const char *state);

#endif
