/* SPDX-License-Identifier: MIT */
/*
 * The name servers of a configuration: which of them is asked, and what is left when one of them cannot be used.
 *
 * One call's answers come from one server, the one that answered last time where it can.  A server that does not answer, or not
 * with an answer, or that somebody who writes found far behind, is not asked for half a minute, unless no other is left.  All of
 * them must be of one chain, in every answer: the first one says which, unless the configuration does; and of one network, which
 * decides how transactions are made.
 *
 * Messages name the server and say what to do.  Words: no_names (no server can be used), malformed (what came is no answer),
 * conflict (another chain or network), and what else a server gives for the method; deadline, cancelled, no_memory; failed
 * (after a fork).
 */
#ifndef BS_NAMES_SERVERS_H
#define BS_NAMES_SERVERS_H

#include "core/names/link.h"
#include "core/names/rpc.h"
#include "core/names/told.h"

#define BS_SERVERS_LAG 6 /* blocks that an answer may be behind what was seen */

struct bs_server {
  struct bs_server_address address;
  struct bs_link *link;       /* NULL: not connected */
  struct bs_told_info info;   /* of the link's beginning, or newer */
  uint64_t left_until_ms;     /* on bs_clock_monotonic_ms: until then it is the last one to be asked */
  bool is_tried;              /* in this call, in vain */
  bool is_passed;             /* in this call, as it is behind what another one says */
  uint64_t highest;           /* block that it told of, in the chain of the one that was asked */
  struct bs_error error;      /* why it was */
};

struct bs_servers {
  struct bs_server *items;
  size_t count;
  struct bs_server *chosen;     /* of this call; NULL: none yet */
  struct bs_server *preferred;  /* answered last */
  const struct bs_scope *scope; /* of this call; NULL: none */
  bool is_bound; /* what one server said has been handed out in this call: no other may continue it */
  bool was_lost; /* the server of a bound call was: it may be begun anew */
  bool is_fresh; /* the chosen one's info is of this call */
  bool is_misled;  /* the server that was lost was asked for its being the furthest by its own word: the same call asks others */
  bool is_content; /* no server of this call is as far as one of them says: what two say counts */
  uint32_t connect_ms;
  bool has_chain;
  bool is_pinned; /* the configuration says which chain */
  unsigned char chain_id[32];
  const char *network; /* static; NULL: not known yet; with has_chain it stays what it is */
  uint64_t seen; /* the highest block that the state told of */
  pid_t pid;
};

/* Word: config. */
bool bs_servers_open(struct bs_servers *servers, const struct bs_names_config *config, struct bs_error *error);
void bs_servers_close(struct bs_servers *servers);

/* A call begins.  Nobody is asked yet. */
bool bs_servers_begin(struct bs_servers *servers, const struct bs_scope *scope, struct bs_error *error);
void bs_servers_end(struct bs_servers *servers);

struct bs_question {
  const char *method;
  const char *params;  /* JSON, without the brackets */
  bs_read_result read; /* may be called once for each server; false, with malformed or forged: that one is of no use */
  void *user;
  /* It changes something: it is not asked again on another link, nor of another server, and what fails without an answer of the
   * server's own is no_names: it may have been done. */
  bool is_once;
  /* Batches instead, arrays of requests in frames of their own, several of which are on their way at once; `method` and
   * `params` are not looked at.  Appends the next one, and returns how many requests it has; 0: there is none.  `read` is
   * called for each result, `missed` for one that the server's reply had no room for.  The words of a single one of them end
   * all. */
  size_t (*write)(void *user, struct bs_buffer *json);
  void (*begin)(void *user); /* from the first on again: before a server is asked, and each time on another link */
  void (*missed)(void *user);
};

/* Chooses a server, and connects; chosen->info is then as of that link. */
bool bs_servers_choose(struct bs_servers *servers, struct bs_error *error);
/* Asks the chosen one; where it is of no use, and the call not bound, the next. */
bool bs_servers_ask(struct bs_servers *servers, const struct bs_question *question, struct bs_error *error);
/* Gives what is no server's own answer the word no_names, but for deadline, cancelled, no_memory and stale; returns false. */
bool bs_servers_unanswered(struct bs_error *error);
/* Asks for the server's info, unless this call has done so: is_fresh. */
bool bs_servers_refresh(struct bs_servers *servers, struct bs_error *error);
/* Asks one that need not be the chosen one; no other steps in. */
bool bs_servers_ask_one(struct bs_servers *servers, struct bs_server *server, const struct bs_question *question,
                        struct bs_error *error);
/* The first server from `from` on (NULL: from the beginning) that is not the chosen one and may answer; NULL: none. */
struct bs_server *bs_servers_other(struct bs_servers *servers, struct bs_server *from);

/* Asks each other server that may answer how far its chain is; what goes on from the chosen one's chain is noted. */
bool bs_servers_look_around(struct bs_servers *servers, struct bs_error *error);

/* Notes how far a chain is; server: who says so, NULL: the state. */
void bs_servers_saw(struct bs_servers *servers, struct bs_server *server, uint64_t block);
/* By how many blocks the chosen server, whose chain ends at `block`, is behind; at most BS_SERVERS_LAG is no matter. */
uint64_t bs_servers_lag(const struct bs_servers *servers, uint64_t block);
/*
 * The chosen server is too far behind: another one; false, with stale, where there is none.  Nothing of the call counts.
 * What one of several says alone makes that one the first to be asked.  Where it cannot be used, the others are: a height
 * that nobody else confirms keeps nobody from writing.
 */
bool bs_servers_pass_over(struct bs_servers *servers, uint64_t block, struct bs_error *error);

#endif
