/* SPDX-License-Identifier: MIT */
/*
 * JSON-RPC to a Bitcoin node: batches over one connection that is kept.
 *
 * bs_rpc_add collects calls, bs_rpc_send sends them as one batch and returns as soon as the node has it, bs_rpc_receive
 * waits for the answer: between the two the caller can work.  bs_rpc_call is all three for one call.
 *
 * A struct bs_rpc belongs to one thread at a time.  A NULL scope waits as long as the node takes; only connecting has a
 * limit of its own, ten seconds.  Neither user nor password nor cookie is ever part of an error or of the log.
 *
 * Words of every function: no_names (the node cannot be reached, is still starting, or what answers is no Bitcoin node),
 * denied (it does not take the credentials), config (the URL, or what is no cookie file), too_large (the answer, with
 * result BLOCKSTORE_ERROR), failed (what the node said of a call), deadline, cancelled, no_memory.
 */
#ifndef BS_BITCOIND_RPC_H
#define BS_BITCOIND_RPC_H

#include "core/base/scope.h"
#include "core/codec/json.h"

#define BS_RPC_ANSWER_MAX (128u << 20) /* bytes: a block of 4 MB, in hexadecimal with what it spends, several times */

/* What the node calls its errors (its src/rpc/protocol.h). */
enum bs_rpc_code {
  BS_RPC_MISC = -1,
  BS_RPC_WALLET_ERROR = -4,
  BS_RPC_NOT_FOUND = -5,
  BS_RPC_OUT_OF_RANGE = -8,
  BS_RPC_WALLET_NOT_FOUND = -18,
  BS_RPC_UNREADABLE = -22,
  BS_RPC_REFUSED = -25,
  BS_RPC_REJECTED = -26,
  BS_RPC_KNOWN = -27,
  BS_RPC_WARMING_UP = -28,
  BS_RPC_UNKNOWN_METHOD = -32601,
  BS_RPC_WALLET_LOADED = -35
};

struct bs_rpc_config {
  const char *url;    /* http://127.0.0.1:8332; without credentials */
  const char *wallet; /* calls go to the node's wallet of that name; NULL: to none */
  const char *cookie; /* path of the node's .cookie, read again when it changes; NULL: user and password */
  const char *user;
  const char *password;
  size_t answer_max; /* bytes; 0: BS_RPC_ANSWER_MAX */
};

struct bs_rpc; /* an open connection */

/* Connects to nothing yet.  The configuration may go afterwards. */
bool bs_rpc_open(struct bs_rpc **ret_rpc, const struct bs_rpc_config *config, struct bs_error *error);
void bs_rpc_close(struct bs_rpc *rpc); /* NULL is allowed */
/* As configured; for messages. */
const char *bs_rpc_url(const struct bs_rpc *rpc);

/* One more call for the next batch.  parameters: what stands between the brackets of a JSON array, as printf makes it; "":
 * none.  Whatever is not a number must have been made by bs_json_write_string, or be hexadecimal. */
void bs_rpc_add(struct bs_rpc *rpc, const char *method, const char *parameters, ...) __attribute__((format(printf, 3, 4)));
/* Sends what was added; at least one.  A batch whose answer nobody took is given up. */
bool bs_rpc_send(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_error *error);

struct bs_rpc_result {
  struct bs_json value; /* null when the call failed */
  int64_t code;         /* 0: it succeeded; else enum bs_rpc_code or another */
  struct bs_json message;
};
/* Waits for the answer to the last batch: results[i] is that of the i-th call, and stays until the next answer was received, also
 * while the next batch is on its way.  A call that failed is no failure of this function. */
bool bs_rpc_receive(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_rpc_result *results, size_t count,
                    struct bs_error *error);
/* For a result whose call failed: the node's sentence with method and code; false.  warming up is no_names. */
bool bs_rpc_fail(const struct bs_rpc *rpc, const char *method, const struct bs_rpc_result *result, struct bs_error *error);
/* Gives up what was added or is on its way. */
void bs_rpc_drop(struct bs_rpc *rpc);

/* One call, the result of which must be good. */
bool bs_rpc_call(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_json *ret_value, struct bs_error *error,
                 const char *method, const char *parameters, ...) __attribute__((format(printf, 6, 7)));
/* The same, for a caller to whom some failures of the call tell something. */
bool bs_rpc_try(struct bs_rpc *rpc, const struct bs_scope *scope, struct bs_rpc_result *ret_result, struct bs_error *error,
                const char *method, const char *parameters, ...) __attribute__((format(printf, 6, 7)));

/* What answers is no node, or a strange one: no_names, "The Bitcoin node at URL answered METHOD without WHAT."; false. */
bool bs_rpc_fail_answer(const struct bs_rpc *rpc, const char *method, const char *what, struct bs_error *error);

#endif
