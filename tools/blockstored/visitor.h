/* SPDX-License-Identifier: MIT */
/*
 * A connection of the HTTP side: one request, one reply, and its end.  Each step has its time, counted from when it began, so
 * that one who sends or takes a byte now and then is left all the same.
 */
#ifndef BLOCKSTORED_VISITOR_H
#define BLOCKSTORED_VISITOR_H

#include "tools/blockstored/http.h"
#include "tools/blockstored/server.h"

#define BSD_TAG_SIZE 80

enum bsd_visit {
  BSD_VISIT_READING,  /* until the request is whole */
  BSD_VISIT_ASKING,   /* its reply is being made */
  BSD_VISIT_SENDING,
  BSD_VISIT_LINGERING /* all was sent; what still comes is thrown away */
};

struct bsd_visitor {
  struct bsd_server *server;
  struct bsd_visitor *next, *previous;
  struct bufferevent *bev;
  enum bsd_visit step;
  bool has_ended;    /* nothing more will arrive */
  bool is_refused;   /* one too many */
  bool is_head;      /* the reply has no body */
  size_t excess;     /* bytes that came behind the request */
  uint64_t key;      /* as in allowance.h */
  uint64_t since_ms; /* when the step began */
  char text[BSD_PEER_TEXT];
  /* web.c's, until the reply */
  struct bsd_job *job; /* on a lane; NULL: none */
  const char *absent;
  char tag[BSD_TAG_SIZE]; /* of the chain's state when it was asked; "": what it asks for has none */
};

/* Takes the socket over; one too many is told so. */
void bsd_visitor_accept(struct bsd_server *server, evutil_socket_t fd, const struct sockaddr *address, int length);
/* The reply, once.  headers: further ones, each with its line's end.  Frees nothing. */
void bsd_visitor_reply(struct bsd_visitor *visitor, int status, const char *type, const char *headers, const void *bytes,
                       size_t length);

/* Ends those that are slow. */
void bsd_visitors_tick(struct bsd_server *server, uint64_t now_ms);
/* What has arrived is answered, then each ends. */
void bsd_visitors_finish(struct bsd_server *server);
void bsd_visitors_free(struct bsd_server *server);

#endif
