/* SPDX-License-Identifier: MIT */
/* The configuration of blockstored: one YAML file, read once, strict. */
#ifndef BLOCKSTORED_SETTINGS_H
#define BLOCKSTORED_SETTINGS_H

#include <stdint.h>

#include "core/bitcoind/follow.h"

#define BSD_THREADS_MAX 16

struct bsd_settings {
  char *source;   /* "local" or "bitcoind" */
  char *ledger;   /* local: the file */
  char *network;  /* bitcoind: "main", "test", "signet", "regtest" */
  char *url;      /* bitcoind: http://HOST:PORT; NULL: host and port */
  char *host;
  int64_t port;   /* 0: the network's own */
  char *cookie;   /* the node's file; NULL: user and password */
  char *user;
  char *password; /* a secret: in no message */
  int64_t first_block;   /* -1: the network's own */
  int64_t confirmations; /* of a block before it is indexed */
  int64_t silence_ms;    /* of a node that was asked for blocks, before it is told as waiting */
  char *wallet;          /* a watch-only wallet of the node's; NULL: scantxoutset */
  char *index;           /* the database */

  char **listen; /* HOST:PORT, [ADDRESS]:PORT, unix:/PATH */
  size_t listen_count;
  char *http; /* the same, or "off" */

  int64_t threads; /* that answer, each with a loop of its own; where they come from a file at least 1, else 0 is 1 */
  int64_t connections;   /* at once, of the RPC; of the HTTP side as many again */
  int64_t connections_of_one; /* of each address, of either side */
  int64_t request_rate;  /* a second for each peer's address; 0: unlimited */
  int64_t frame;         /* bytes of a request; broadcast_transaction may have 131,072 */
  int64_t output;        /* bytes of replies that wait for one peer before its requests do */
  int64_t replies;       /* bytes of replies that wait for all peers together before requests do */
  int64_t cache;         /* bytes of replies that are kept */
  int64_t idle_ms;       /* without a request, or without taking a reply */
  int64_t patience_ms;   /* for a request that has begun */
  char *unspents;        /* who may ask for coins: "off", "local", "all" */
  int64_t search_ms;     /* for a node to find coins */
  int64_t stop_ms;       /* for answering what was asked when it is to end */

  char *log_level; /* "error", "warning", "info", "debug" */
  char *log_format; /* "text", "json" */
};

/* ret_settings: by bsd_settings_free.  Words: config (the message begins with FILE:LINE:COLUMN), not_found, io. */
bool bsd_settings_read(struct bsd_settings **ret_settings, const char *file, struct bs_error *error);
void bsd_settings_free(struct bsd_settings *settings); /* NULL is allowed */

/* What the rooms of core/bitcoind want to know; `url` has room for it.  The texts are the settings'. */
struct bs_bitcoind_config bsd_bitcoind_config(char url[300], const struct bsd_settings *settings);

#endif
