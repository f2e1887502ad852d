/* SPDX-License-Identifier: MIT */
/* While a batch of blocks is applied, the node already makes up the next one: a batch asks for blocks whose hashes came with the
 * one before, and for the hashes of those behind.  What the operations of a batch spend is asked for at once, too, and read when
 * the first of them is applied.  A replay is the same up to the tip of an index that there is, which also tells the hashes of
 * blocks that have left the node's chain since. */
#include <config.h>

#include "core/bitcoind/follow.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/bitcoind/node.h"
#include "core/codec/hex.h"

#define BATCH_MAX 500                  /* blocks */
#define BATCH_SIZE (UINT64_C(4) << 20) /* bytes of an answer that are aimed at */
#define COMMIT_BLOCKS 500
#define COMMIT_MS 1000
#define SHOWN_BLOCKS 10000
#define STALLED_MOST 3 /* times that a replay gets no further, as the node's chain changes under it */

struct range {
  uint64_t first;
  size_t count;
};

/* A block of the batch that came. */
struct arrival {
  struct bs_bitcoin_block block;
  size_t *numbers; /* of its operations */
  size_t count;
};

struct bs_follower {
  struct bs_bitcoin_chain *chain; /* NULL: it was removed, and could not be made again yet */
  struct bs_bitcoin_chain *stored; /* what is replayed; NULL: the node is followed */
  struct bs_rpc *blocks;  /* batches of blocks */
  struct bs_rpc *details; /* what operations spend, while a batch is on its way */
  uint64_t confirmations;
  const struct bs_bitcoin_network *network;
  uint64_t first_block;
  char *index;
  void (*tell)(const struct bs_follow_state *state, void *user); /* NULL: nobody hears */
  void *user;
  /* Of the step in progress. */
  uint64_t target;                 /* height that the index will have */
  uint64_t told_to;                /* the last block whose hash the node is asked for; those above are the stored ones */
  bool is_tip_known;               /* the node has the stored tip, on its chain or beside it */
  uint64_t pruned_below;           /* 0: nothing */
  size_t batch, batch_max;         /* blocks to ask for next; at most */
  struct range asked_blocks;       /* of the batch that is on its way */
  struct range asked_hashes;       /* behind them */
  struct range got_blocks;         /* of the batch that came, the first results */
  unsigned char (*hashes)[BS_BITCOIN_HASH_SIZE]; /* BATCH_MAX; of asked_blocks, then of the next */
  unsigned char (*wanted)[BS_BITCOIN_HASH_SIZE]; /* BATCH_MAX; of got_blocks */
  struct bs_rpc_result *results;                 /* 2 * BATCH_MAX */
  struct arrival *arrivals;                      /* BATCH_MAX; of got_blocks, zero beyond `arrived` */
  size_t arrived;
  size_t senders_asked, senders_read;  /* of blocks with operations */
  bool has_senders;                    /* `senders` came */
  struct bs_rpc_result *senders;       /* BATCH_MAX */
  struct bs_buffer bytes;   /* of the arrivals */
  struct bs_buffer scripts; /* of the senders of a block */
  bool is_writing;
  uint64_t uncommitted, since_ms;
};

/* ---- opening ---- */

/* Of the batch that was applied, or will not be. */
static void drop_arrivals(struct bs_follower *follower) {
  for (size_t i = 0; i < follower->arrived; i++) {
    bs_bitcoin_block_free(&follower->arrivals[i].block);
    free(follower->arrivals[i].numbers);
    follower->arrivals[i] = (struct arrival){.count = 0};
  }
  follower->arrived = 0;
}

void bs_follower_close(struct bs_follower *follower) {
  if (follower == NULL) return;
  drop_arrivals(follower);
  if (follower->stored == NULL) bs_bitcoin_chain_close(follower->chain); /* else the caller's */
  bs_rpc_close(follower->blocks);
  bs_rpc_close(follower->details);
  bs_buffer_free(&follower->bytes);
  bs_buffer_free(&follower->scripts);
  free(follower->index);
  free(follower->hashes);
  free(follower->wanted);
  free(follower->results);
  free(follower->arrivals);
  free(follower->senders);
  free(follower);
}

/* One that was removed is made again: writing into a file that nobody else can open is of no use. */
static bool ensure_chain(struct bs_follower *follower, struct bs_error *error) {
  if (follower->chain != NULL && bs_bitcoin_chain_is_removed(follower->chain)) {
    bs_log(BS_LOG_WARNING, "%s: The index was removed; it is made again", follower->index);
    bs_bitcoin_chain_close(follower->chain);
    follower->chain = NULL;
  }
  return follower->chain != NULL || bs_bitcoin_chain_open(&follower->chain, follower->index, follower->network,
                                                          follower->first_block, BS_DATABASE_CREATE, NULL, error);
}

static bool open_connections(struct bs_follower *follower, const struct bs_bitcoind_config *config, struct bs_error *error) {
  struct bs_rpc_config rpc = config->rpc;

  rpc.wallet = NULL;
  follower->hashes = calloc(BATCH_MAX, sizeof *follower->hashes);
  follower->wanted = calloc(BATCH_MAX, sizeof *follower->wanted);
  follower->results = calloc((size_t)2 * BATCH_MAX, sizeof *follower->results);
  follower->arrivals = calloc(BATCH_MAX, sizeof *follower->arrivals);
  follower->senders = calloc(BATCH_MAX, sizeof *follower->senders);
  if (follower->hashes == NULL || follower->wanted == NULL || follower->results == NULL || follower->arrivals == NULL ||
      follower->senders == NULL)
    return bs_fail_memory(error);
  return bs_rpc_open(&follower->blocks, &rpc, error) && bs_rpc_open(&follower->details, &rpc, error);
}

static bool set_up(struct bs_follower *follower, const struct bs_bitcoind_config *config,
                   const struct bs_bitcoin_network *network, struct bs_error *error) {
  follower->confirmations = config->confirmations;
  follower->network = network;
  follower->first_block = config->first_block;
  follower->index = strdup(config->index);
  if (follower->index == NULL) return bs_fail_memory(error);
  return open_connections(follower, config, error) && ensure_chain(follower, error);
}

bool bs_follower_open(struct bs_follower **ret_follower, const struct bs_bitcoind_config *config, struct bs_error *error) {
  const struct bs_bitcoin_network *network = bs_bitcoin_network_find(config->network);
  struct bs_follower *follower;

  if (network == NULL)
    return bs_fail(error, BS_WORD_config, "There is no network %s of Bitcoin; there are main, test, signet and regtest.",
                   config->network);
  follower = calloc(1, sizeof *follower);
  if (follower == NULL) return bs_fail_memory(error);
  if (!set_up(follower, config, network, error)) {
    bs_follower_close(follower);
    return false;
  }
  *ret_follower = follower;
  return true;
}

struct bs_bitcoin_chain *bs_follower_chain(struct bs_follower *follower) {
  return follower->chain;
}

void bs_follower_hear(struct bs_follower *follower, void (*tell)(const struct bs_follow_state *state, void *user), void *user) {
  follower->tell = tell;
  follower->user = user;
}

static void tell(const struct bs_follower *follower, const struct bs_follow_state *state) {
  if (follower->tell != NULL) follower->tell(state, follower->user);
}

/* ---- writing ---- */

static bool ensure_writing(struct bs_follower *follower, struct bs_error *error) {
  if (follower->is_writing) return true;
  if (!bs_bitcoin_chain_begin(follower->chain, error)) return false;
  follower->is_writing = true;
  follower->uncommitted = 0;
  follower->since_ms = bs_clock_monotonic_ms();
  return true;
}

static bool commit(struct bs_follower *follower, struct bs_error *error) {
  if (!follower->is_writing) return true;
  follower->is_writing = false;
  return bs_bitcoin_chain_commit(follower->chain, error);
}

static bool commit_some(struct bs_follower *follower, struct bs_error *error) {
  if (follower->uncommitted < COMMIT_BLOCKS && bs_clock_monotonic_ms() - follower->since_ms < COMMIT_MS) return true;
  return commit(follower, error);
}

/* ---- forks ---- */

/* The one that has the blocks so far. */
static struct bs_bitcoin_chain *history(const struct bs_follower *follower) {
  return follower->stored != NULL ? follower->stored : follower->chain;
}

static bool fail_deep(const struct bs_follower *follower, uint64_t height, struct bs_error *error) {
  return bs_fail(error, BS_WORD_conflict,
                 "%s: More than %d blocks up to %" PRIu64 " have left the node's chain, and no more can be taken back.  If the"
                 " node is right, let blockstored --reindex make the index again, or remove the index, with its -wal and -shm.",
                 bs_bitcoin_chain_path(follower->chain), BS_BITCOIN_KEPT_BLOCKS, height);
}

/* The newest block below `height` that index and node both have. */
static bool search_fork(struct bs_follower *follower, const struct bs_scope *scope, uint64_t height,
                        const struct bs_bitcoin_tip *tip, uint64_t *ret_fork, struct bs_error *error) {
  unsigned char theirs[BS_BITCOIN_KEPT_BLOCKS + 1][BS_BITCOIN_HASH_SIZE], ours[BS_BITCOIN_HASH_SIZE];
  uint64_t first_block = bs_bitcoin_chain_index(follower->chain)->parameters->first_block;
  uint64_t least = tip->height >= first_block + BS_BITCOIN_KEPT_BLOCKS ? tip->height - BS_BITCOIN_KEPT_BLOCKS : first_block;
  bool found;

  if (height > least && !bs_node_hashes(follower->blocks, scope, theirs, least, height - least, error)) return false;
  for (uint64_t at = height; at-- > least;) {
    if (!bs_bitcoin_chain_hash_at(history(follower), ours, &found, at, error)) return false;
    if (!found || memcmp(ours, theirs[at - least], sizeof ours) != 0) continue;
    *ret_fork = at;
    return true;
  }
  if (least != first_block || tip->height - first_block >= BS_BITCOIN_KEPT_BLOCKS) return fail_deep(follower, tip->height, error);
  *ret_fork = first_block - 1;
  return true;
}

/* *ret_fork: the newest block of the index that the node has, too; its tip where the node is merely behind. */
static bool find_fork(struct bs_follower *follower, const struct bs_scope *scope, uint64_t node_height,
                      const struct bs_bitcoin_tip *tip, uint64_t *ret_fork, struct bs_error *error) {
  uint64_t height = tip->height < node_height ? tip->height : node_height;
  unsigned char theirs[1][BS_BITCOIN_HASH_SIZE], ours[BS_BITCOIN_HASH_SIZE];
  bool found;

  *ret_fork = tip->height;
  if (!tip->has_block || height < bs_bitcoin_chain_index(follower->chain)->parameters->first_block) return true;
  if (!bs_node_hashes(follower->blocks, scope, theirs, height, 1, error) ||
      !bs_bitcoin_chain_hash_at(history(follower), ours, &found, height, error))
    return false;
  if (found && memcmp(ours, theirs[0], sizeof ours) == 0) return true;
  return search_fork(follower, scope, height, tip, ret_fork, error);
}

static bool take_back(struct bs_follower *follower, const struct bs_bitcoin_tip *tip, uint64_t fork, struct bs_error *error) {
  if (fork == tip->height) return true;
  bs_log(BS_LOG_WARNING, "bitcoind: the node's chain has other blocks from %" PRIu64 " on; %" PRIu64 " are taken back", fork + 1,
         tip->height - fork);
  return ensure_writing(follower, error) && bs_bitcoin_chain_unwind(follower->chain, fork, error);
}

/* ---- fetching ---- */

static bool fail_pruned(const struct bs_follower *follower, uint64_t height, struct bs_error *error) {
  return bs_fail(error, BS_WORD_no_names,
                 "The Bitcoin node at %s has pruned block %" PRIu64 ", which the index needs next; it has blocks from %" PRIu64
                 " on.  Begin with an index of another node, or let the node load its blocks again (-reindex).",
                 bs_rpc_url(follower->blocks), height, follower->pruned_below);
}

/* The next hashes to know, as many as blocks are asked for at once; the node's, or stored ones, never some of each. */
static struct range next_hashes(const struct bs_follower *follower, uint64_t next) {
  uint64_t last = next <= follower->told_to && follower->told_to < follower->target ? follower->told_to : follower->target;
  uint64_t left = next > last ? 0 : last - next + 1;

  return (struct range){next, left < follower->batch ? (size_t)left : follower->batch};
}

/* How many of them the node tells. */
static size_t told(const struct bs_follower *follower, struct range hashes) {
  return hashes.first <= follower->told_to ? hashes.count : 0;
}

/* Asks for the blocks whose hashes are known, and for hashes behind them.  Nothing is on its way when there are neither. */
static bool ask(struct bs_follower *follower, const struct bs_scope *scope, struct range blocks, struct bs_error *error) {
  struct range hashes = next_hashes(follower, blocks.first + blocks.count);
  size_t count = told(follower, hashes);

  follower->asked_blocks = blocks;
  follower->asked_hashes = hashes;
  for (size_t i = 0; i < blocks.count; i++) {
    char hash[2 * BS_BITCOIN_HASH_SIZE + 1];

    bs_txid_text(hash, follower->hashes[i]);
    bs_rpc_add(follower->blocks, "getblock", "\"%s\",0", hash);
  }
  for (size_t i = 0; i < count; i++) bs_rpc_add(follower->blocks, "getblockhash", "%" PRIu64, hashes.first + i);
  return blocks.count + count == 0 || bs_rpc_send(follower->blocks, scope, error);
}

/* How many blocks make an answer of the size that is aimed at, if they go on like these. */
static void measure(struct bs_follower *follower) {
  uint64_t size = 1;

  if (follower->got_blocks.count == 0) return;
  for (size_t i = 0; i < follower->got_blocks.count; i++) size += follower->results[i].value.length + 64;
  size = BATCH_SIZE * follower->got_blocks.count / size;
  follower->batch = size < 1 ? 1 : size > follower->batch_max ? follower->batch_max : (size_t)size;
}

/* The hashes that were asked for; fewer where the index that is replayed has a gap. */
static bool take_hashes(struct bs_follower *follower, struct range *hashes, const struct bs_rpc_result *results,
                        struct bs_error *error) {
  bool is_told = told(follower, *hashes) > 0;

  for (size_t i = 0; i < hashes->count; i++) {
    bool found = true;

    if (is_told ? !bs_node_hash(follower->blocks, "getblockhash", &results[i], follower->hashes[i], error)
                : !bs_bitcoin_chain_hash_at(follower->stored, follower->hashes[i], &found, hashes->first + i, error))
      return false;
    if (found) continue;
    hashes->count = i;
    follower->target = hashes->first + i - 1;
  }
  return true;
}

/* Takes the answer, and asks for what it told the hashes of. */
static bool receive_and_ask(struct bs_follower *follower, const struct bs_scope *scope, struct bs_error *error) {
  struct range blocks = follower->asked_blocks, hashes = follower->asked_hashes;
  unsigned char(*free_now)[BS_BITCOIN_HASH_SIZE] = follower->wanted;
  size_t count = blocks.count + told(follower, hashes);

  if (count > 0 && !bs_rpc_receive(follower->blocks, scope, follower->results, count, error)) return false;
  follower->got_blocks = blocks;
  follower->wanted = follower->hashes;
  follower->hashes = free_now;
  measure(follower);
  return take_hashes(follower, &hashes, follower->results + blocks.count, error) && ask(follower, scope, hashes, error);
}

/* ---- what came ---- */

/* The bytes stay where they are: there is room for those of the whole batch. */
static bool read_block(struct bs_follower *follower, size_t number, struct bs_bitcoin_block *ret_block, struct bs_error *error) {
  const struct bs_rpc_result *result = &follower->results[number];
  uint64_t height = follower->got_blocks.first + number;
  size_t from = follower->bytes.length;

  if (result->code == BS_RPC_MISC && follower->pruned_below > 0) return fail_pruned(follower, height, error);
  if (!bs_node_bytes(follower->blocks, "getblock", result, &follower->bytes, error)) return false;
  if (!bs_bitcoin_block_parse(ret_block, follower->bytes.bytes + from, follower->bytes.length - from, error))
    return bs_context(error, "Block %" PRIu64 " of the Bitcoin node at %s", height, bs_rpc_url(follower->blocks));
  if (memcmp(ret_block->header.hash, follower->wanted[number], BS_BITCOIN_HASH_SIZE) == 0) return true;
  bs_bitcoin_block_free(ret_block);
  return bs_rpc_fail_answer(follower->blocks, "getblock", "the block that was asked for", error);
}

static bool read_blocks(struct bs_follower *follower, struct bs_error *error) {
  size_t size = 0;

  for (size_t i = 0; i < follower->got_blocks.count; i++) size += follower->results[i].value.length / 2;
  bs_buffer_clear(&follower->bytes);
  bs_buffer_reserve(&follower->bytes, size);
  if (!bs_buffer_ok(&follower->bytes, error)) return false;
  for (size_t i = 0; i < follower->got_blocks.count; i++) {
    struct arrival *arrival = &follower->arrivals[i];

    if (!read_block(follower, i, &arrival->block, error)) return false;
    follower->arrived++;
    if (!bs_bitcoin_chain_find_operations(follower->chain, &arrival->numbers, &arrival->count, &arrival->block, error))
      return false;
  }
  return true;
}

static bool ask_senders(struct bs_follower *follower, const struct bs_scope *scope, struct bs_error *error) {
  follower->senders_asked = follower->senders_read = 0;
  follower->has_senders = false;
  bs_rpc_drop(follower->details);
  for (size_t i = 0; i < follower->arrived; i++) {
    if (follower->arrivals[i].count == 0) continue;
    bs_node_ask_senders(follower->details, &follower->arrivals[i].block);
    follower->senders_asked++;
  }
  return follower->senders_asked == 0 || bs_rpc_send(follower->details, scope, error);
}

/* ---- applying ---- */

/* Of the next block that has operations. */
static bool take_senders(struct bs_follower *follower, const struct bs_scope *scope, struct bs_bitcoin_operation *operations,
                         const struct arrival *arrival, struct bs_error *error) {
  if (!follower->has_senders &&
      !bs_rpc_receive(follower->details, scope, follower->senders, follower->senders_asked, error))
    return false;
  follower->has_senders = true;
  for (size_t i = 0; i < arrival->count; i++) operations[i].number = arrival->numbers[i];
  return bs_node_read_senders(follower->details, &follower->scripts, operations, arrival->count, &arrival->block,
                              &follower->senders[follower->senders_read++], error);
}

static bool append(struct bs_follower *follower, const struct bs_scope *scope, const struct arrival *arrival, uint64_t height,
                   struct bs_error *error) {
  struct bs_bitcoin_operation *operations BS_AUTO_FREE = NULL;

  if (arrival->count > 0) {
    operations = calloc(arrival->count, sizeof *operations);
    if (operations == NULL) return bs_fail_memory(error);
    if (!take_senders(follower, scope, operations, arrival, error)) return false;
  }
  return bs_bitcoin_chain_append(follower->chain, &arrival->block, operations, arrival->count,
                                 height + BS_BITCOIN_KEPT_BLOCKS > follower->target, error);
}

/* Block `number` of the batch that came.  *ret_follows false: the node's chain has changed meanwhile. */
static bool apply_block(struct bs_follower *follower, const struct bs_scope *scope, size_t number, bool *ret_follows,
                        struct bs_error *error) {
  const struct arrival *arrival = &follower->arrivals[number];
  struct bs_bitcoin_tip tip;

  if (!ensure_writing(follower, error) || !bs_bitcoin_chain_tip(follower->chain, &tip, error)) return false;
  *ret_follows = !tip.has_block || memcmp(tip.hash, arrival->block.header.previous, sizeof tip.hash) == 0;
  if (!*ret_follows) return true;
  if (!append(follower, scope, arrival, follower->got_blocks.first + number, error))
    return bs_context(error, "Block %" PRIu64, follower->got_blocks.first + number);
  follower->uncommitted++;
  return commit_some(follower, error);
}

static bool apply_blocks(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *state,
                         bool *ret_follows, struct bs_error *error) {
  *ret_follows = true;
  for (size_t i = 0; i < follower->arrived; i++) {
    if (scope != NULL && !bs_scope_check(scope, error)) return false;
    if (!apply_block(follower, scope, i, ret_follows, error)) return false;
    if (!*ret_follows) return true;
    state->height = follower->got_blocks.first + i;
    state->applied++;
    if (!follower->is_writing) tell(follower, state);
    if (state->applied % SHOWN_BLOCKS == 0)
      bs_log(BS_LOG_INFO, "bitcoind: block %" PRIu64 " of %" PRIu64, state->height, follower->target);
  }
  return true;
}

static bool apply_batch(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *state,
                        bool *ret_follows, struct bs_error *error) {
  bool good = read_blocks(follower, error) && ask_senders(follower, scope, error) &&
              apply_blocks(follower, scope, state, ret_follows, error);

  drop_arrivals(follower);
  return good;
}

/* From the block behind the index's last one up to the target. */
static bool advance(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *state,
                    struct bs_error *error) {
  bool follows = true;

  if (follower->pruned_below > state->height + 1) return fail_pruned(follower, state->height + 1, error);
  if (!ask(follower, scope, (struct range){state->height + 1, 0}, error)) return false;
  while (follows && follower->asked_blocks.count + follower->asked_hashes.count > 0) {
    if (!receive_and_ask(follower, scope, error) || !apply_batch(follower, scope, state, &follows, error)) return false;
  }
  bs_rpc_drop(follower->blocks);
  return true;
}

/* Blocks may be much larger than those before: then fewer are asked for. */
static bool advance_somehow(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *state,
                            struct bs_error *error) {
  while (!advance(follower, scope, state, error)) {
    if (error->word != BS_WORD_too_large || follower->batch == 1) return false;
    *error = (struct bs_error){0};
    follower->batch = follower->batch_max = (follower->batch + 3) / 4;
  }
  return true;
}

static bool step(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *state,
                 struct bs_error *error) {
  struct bs_node_info info;
  struct bs_bitcoin_tip tip;
  uint64_t fork;

  if (!bs_node_info(follower->blocks, scope, &info, bs_bitcoin_chain_network(follower->chain), error) ||
      !bs_bitcoin_chain_tip(follower->chain, &tip, error))
    return false;
  state->node_height = info.height;
  state->height = tip.height;
  state->is_syncing = info.is_loading || info.height < tip.height;
  tell(follower, state);
  if (!find_fork(follower, scope, info.height, &tip, &fork, error)) return false;
  state->is_syncing = info.is_loading || info.height < fork;
  state->height = fork;
  state->taken_back = tip.height - fork;
  follower->target = info.height > follower->confirmations ? info.height - follower->confirmations : 0;
  follower->told_to = UINT64_MAX;
  follower->pruned_below = info.first_block;
  if (!take_back(follower, &tip, fork, error)) return false;
  if (follower->target > fork && !advance_somehow(follower, scope, state, error)) return false;
  return commit(follower, error);
}

bool bs_follow(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *ret_state,
               struct bs_error *error) {
  bool good;

  *ret_state = (struct bs_follow_state){.height = 0};
  if (!ensure_chain(follower, error)) return false;
  follower->batch_max = BATCH_MAX;
  if (follower->batch == 0) follower->batch = BATCH_MAX;
  bs_bitcoin_chain_scope(follower->chain, scope);
  good = step(follower, scope, ret_state, error);
  if (!good) {
    bs_bitcoin_chain_abort(follower->chain);
    follower->is_writing = false;
    bs_rpc_drop(follower->blocks);
  }
  bs_bitcoin_chain_scope(follower->chain, NULL);
  return good;
}

/* ---- replaying ---- */

/* Has the node the block, be it on its chain or not? */
static bool knows(struct bs_follower *follower, const struct bs_scope *scope, const unsigned char hash[BS_BITCOIN_HASH_SIZE],
                  bool *ret_knows, struct bs_error *error) {
  char text[2 * BS_BITCOIN_HASH_SIZE + 1];
  struct bs_rpc_result result;

  bs_txid_text(text, hash);
  if (!bs_rpc_try(follower->blocks, scope, &result, error, "getblockheader", "\"%s\"", text)) return false;
  *ret_knows = result.code == 0;
  return result.code == 0 || result.code == BS_RPC_NOT_FOUND || bs_rpc_fail(follower->blocks, "getblockheader", &result, error);
}

/*
 * Up to which block the node's chain is that of the stored tip.  Where the two part, and the node has the tip, its block left the
 * chain; a tip that the node never saw tells nothing, and then all blocks are the node's.
 */
static bool find_own(struct bs_follower *follower, const struct bs_scope *scope, const struct bs_bitcoin_tip *tip,
                     uint64_t node_height, struct bs_error *error) {
  uint64_t own = tip->height < node_height ? tip->height : node_height, fork = tip->height;

  follower->is_tip_known = false;
  if (tip->has_block && !find_fork(follower, scope, node_height, tip, &fork, error)) {
    if (error->word != BS_WORD_conflict) return false;
    *error = (struct bs_error){0};
    follower->told_to = follower->target = own;
    return true;
  }
  if (fork > own) fork = own;
  if (fork < tip->height && !knows(follower, scope, tip->hash, &follower->is_tip_known, error)) return false;
  if (fork == tip->height) follower->is_tip_known = true;
  follower->told_to = follower->is_tip_known ? fork : own;
  follower->target = follower->is_tip_known ? tip->height : own;
  return true;
}

/* The node may have told blocks of another branch, before it was seen that its chain had changed. */
static bool take_strangers_back(struct bs_follower *follower, struct bs_bitcoin_tip *so_far, struct bs_error *error) {
  uint64_t first_block = bs_bitcoin_chain_index(follower->chain)->parameters->first_block, height = so_far->height;
  unsigned char made[BS_BITCOIN_HASH_SIZE], stored[BS_BITCOIN_HASH_SIZE];
  bool has_made = true, has_stored = true;

  for (; height >= first_block && follower->is_tip_known; height--) {
    if (!bs_bitcoin_chain_hash_at(follower->chain, made, &has_made, height, error) ||
        !bs_bitcoin_chain_hash_at(follower->stored, stored, &has_stored, height, error))
      return false;
    if (has_made && has_stored && memcmp(made, stored, sizeof made) == 0) break;
  }
  if (height == so_far->height) return true;
  if (!ensure_writing(follower, error)) return false;
  if (bs_bitcoin_chain_unwind(follower->chain, height, error))
    return commit(follower, error) && bs_bitcoin_chain_tip(follower->chain, so_far, error);
  return error->word == BS_WORD_conflict
             ? bs_fail(error, BS_WORD_conflict, "The chain of the Bitcoin node at %s has changed too much meanwhile.",
                       bs_rpc_url(follower->blocks))
             : false;
}

/* One way up from where the replay is; it may end early, when the node's chain changes meanwhile. */
static bool replay_on(struct bs_follower *follower, const struct bs_scope *scope, const struct bs_bitcoin_tip *tip,
                      struct bs_follow_state *state, struct bs_error *error) {
  struct bs_bitcoin_tip so_far;
  struct bs_node_info info;

  if (!bs_node_info(follower->blocks, scope, &info, bs_bitcoin_chain_network(follower->chain), error) ||
      !bs_bitcoin_chain_tip(follower->chain, &so_far, error) || !find_own(follower, scope, tip, info.height, error) ||
      !take_strangers_back(follower, &so_far, error))
    return false;
  state->node_height = info.height;
  state->height = so_far.height;
  state->taken_back = follower->target > follower->told_to ? follower->target - follower->told_to : 0;
  follower->pruned_below = info.first_block;
  tell(follower, state);
  return follower->target <= so_far.height || (advance_somehow(follower, scope, state, error) && commit(follower, error));
}

/* Is it where it should be? */
static bool has_arrived(struct bs_follower *follower, const struct bs_bitcoin_tip *tip, bool *ret_arrived,
                        struct bs_error *error) {
  struct bs_bitcoin_tip so_far;

  if (!bs_bitcoin_chain_tip(follower->chain, &so_far, error)) return false;
  *ret_arrived = so_far.height >= follower->target &&
                 (!follower->is_tip_known || memcmp(so_far.hash, tip->hash, sizeof so_far.hash) == 0);
  return true;
}

static bool replay(struct bs_follower *follower, const struct bs_scope *scope, struct bs_follow_state *state,
                   struct bs_error *error) {
  struct bs_bitcoin_tip tip;
  bool has_come = false;

  if (!bs_bitcoin_chain_tip(follower->stored, &tip, error)) return false;
  for (unsigned stalled = 0; stalled < STALLED_MOST && !has_come;) {
    uint64_t before = state->applied;

    if (!replay_on(follower, scope, &tip, state, error) || !has_arrived(follower, &tip, &has_come, error)) return false;
    stalled = state->applied > before ? 0 : stalled + 1;
  }
  return true;
}

bool bs_follow_again(struct bs_bitcoin_chain *made, struct bs_bitcoin_chain *stored, const struct bs_bitcoind_config *config,
                     void (*hear)(const struct bs_follow_state *state, void *user), void *user, const struct bs_scope *scope,
                     struct bs_follow_state *ret_state, struct bs_error *error) {
  struct bs_follower *follower = calloc(1, sizeof *follower);
  bool good;

  *ret_state = (struct bs_follow_state){.height = bs_bitcoin_chain_index(made)->parameters->first_block - 1};
  if (follower == NULL) return bs_fail_memory(error);
  follower->chain = made;
  follower->stored = stored;
  follower->tell = hear;
  follower->user = user;
  follower->batch = follower->batch_max = BATCH_MAX;
  good = open_connections(follower, config, error) && replay(follower, scope, ret_state, error);
  if (!good) bs_bitcoin_chain_abort(made);
  bs_follower_close(follower);
  return good;
}
