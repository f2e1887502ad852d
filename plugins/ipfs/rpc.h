/* SPDX-License-Identifier: MIT */
/*
 * The commands of an IPFS node: Kubo's RPC, which other nodes speak too.  Each is a POST to /api/v0/COMMAND with its
 * arguments in the query; every one carries a `timeout`, for a node that looks for what nobody has never answers.
 */
#ifndef BS_PLUGINS_IPFS_RPC_H
#define BS_PLUGINS_IPFS_RPC_H

#include <cjson/cJSON.h>

#include "plugins/common/http.h"
#include "plugins/common/plugin.h"

#pragma GCC visibility push(hidden)

/* Not changed after it was opened, so any number of threads may use it. */
struct bs_rpc {
  struct bs_http *http;
  const char *url; /* option `rpc`, without a slash at its end */
  struct bs_http_credentials credentials;
  bool has_credentials;
};

#define BS_RPC_ARGUMENTS 2

/* A command, and what came of it.  Zero it, fill in the first part, perform it, end it. */
struct bs_rpc_command {
  const char *name;                         /* "files/read" */
  const char *arguments[BS_RPC_ARGUMENTS];  /* any texts; NULL where there is none */
  const char *options;                      /* "&flush=true", escaped; or NULL */
  const char *doing;                        /* for a sentence: "The object cannot be read" */
  const struct blockstore_source *source;   /* sent as a file; may be NULL */
  struct blockstore_sink *sink;             /* takes the answer; NULL: it is a document */
  uint32_t most_ms;                         /* what the node has for it; 0: all that is left */

  cJSON *document; /* what the node answered; NULL where it has nothing to say */
};

/*
 * Performs a command.
 * Returns: OK; NOT_FOUND: the node says that there is no such file or pin; CONFLICT: that there is one already;
 *          NO_SPACE; TRANSIENT, also when the node's time ended; DENIED; FAILED, also when no IPFS node answers there;
 *          or what bs_http_perform returned
 */
enum blockstore_status bs_rpc_perform(const struct bs_rpc *rpc, struct blockstore_call *call, struct bs_rpc_command *command);

/* For a command that has no use for NOT_FOUND and CONFLICT: they become FAILED. */
enum blockstore_status bs_rpc_trouble(enum blockstore_status status);

/* A text member of the document, as long as that stands; NULL: it has none. */
const char *bs_rpc_text(const cJSON *document, const char *member);

void bs_rpc_end(struct bs_rpc_command *command);
#define BS_AUTO_RPC __attribute__((__cleanup__(bs_rpc_end)))

#pragma GCC visibility pop
#endif
