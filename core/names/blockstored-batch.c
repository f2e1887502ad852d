/* SPDX-License-Identifier: MIT */
/* What proofs ask of many blocks, in batches. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/names/blockstored.h"

static void add_request(struct bs_buffer *json, size_t number, const char *method, uint64_t block) {
  bs_buffer_format(json, "%s{\"method\":\"%s\",\"params\":[%" PRIu64, number == 0 ? "[" : ",", method, block);
}

/* ---- hashes ---- */

/* Whose hashes are written and read next: two requests for a block whose operations hash is wanted. */
struct hashing {
  struct bs_block_hashes *blocks;
  size_t count, written, at;
  bool is_second;
  uint64_t missing; /* a block that there is not; UINT64_MAX: there are all */
};

static void begin_hashing(void *user) {
  struct hashing *hashing = user;

  hashing->written = hashing->at = 0;
  hashing->is_second = false;
  hashing->missing = UINT64_MAX;
}

static size_t write_hashing(void *user, struct bs_buffer *json) {
  struct hashing *hashing = user;
  size_t requests = 0;

  for (; hashing->written < hashing->count && requests + 2 <= BS_REQUESTS_MAX; hashing->written++) {
    const struct bs_block_hashes *block = &hashing->blocks[hashing->written];

    if (!block->has_consensus) {
      add_request(json, requests++, "get_consensus_at", block->block);
      bs_buffer_text(json, "]}");
    }
    if (!block->wants_operations) continue;
    add_request(json, requests++, "get_nameops_hash_at", block->block);
    bs_buffer_text(json, "]}");
  }
  bs_buffer_byte(json, ']');
  return requests;
}

static bool read_next_hash(void *user, struct bs_json result, struct bs_error *error) {
  struct hashing *hashing = user;
  struct bs_block_hashes *block = &hashing->blocks[hashing->at];
  bool there = bs_json_type(result) != BS_JSON_NULL, is_operations = hashing->is_second || block->has_consensus;

  if (!there && hashing->missing == UINT64_MAX) hashing->missing = block->block;
  if (there && !(is_operations ? bs_json_hex(result, block->operations, sizeof block->operations)
                               : bs_json_hex(result, block->consensus, sizeof block->consensus)))
    return bs_fail(error, BS_WORD_malformed, "sent a hash that is none");
  hashing->is_second = block->wants_operations && !is_operations;
  if (!hashing->is_second) hashing->at++;
  return true;
}

/* The call is bound to its server from then on: a reader that began with one's blocks ends with them. */
bool bs_blockstored_hashes_of(void *state, struct bs_block_hashes *blocks, size_t count, struct bs_error *error) {
  struct bs_servers *servers = &((struct bs_blockstored *)state)->servers;
  struct hashing hashing = {.blocks = blocks, .count = count};
  const struct bs_question question = {
      .read = read_next_hash, .user = &hashing, .write = write_hashing, .begin = begin_hashing};

  if (!bs_servers_ask(servers, &question, error)) return false;
  if (hashing.missing != UINT64_MAX)
    return bs_fail(error, BS_WORD_not_found, "There is no block %" PRIu64 " on the name server %s.", hashing.missing,
                   servers->chosen->address.text);
  servers->is_bound = true;
  return true;
}

/* ---- operations ---- */

/* A block whose operations are not all there. */
struct wanted {
  uint64_t block, offset;
  bool is_done;
};

/* A round asks once for each block that has more; `at`: whose result is read next. */
struct collecting {
  struct bs_servers *servers;
  struct wanted *wanted;
  size_t count, written, at;
  size_t answered; /* in this round */
  bs_visit_operation visit;
  void *user;
  bool has_ended; /* by the visitor, whose error is no fault of the server's */
  struct bs_error error;
};

static void begin_collecting(void *user) {
  struct collecting *collecting = user;

  collecting->written = collecting->at = collecting->answered = 0;
}

static size_t write_collecting(void *user, struct bs_buffer *json) {
  struct collecting *collecting = user;
  size_t requests = 0;

  for (; collecting->written < collecting->count && requests < BS_REQUESTS_MAX; collecting->written++) {
    const struct wanted *wanted = &collecting->wanted[collecting->written];

    add_request(json, requests++, "get_operations_at", wanted->block);
    bs_buffer_format(json, ",%" PRIu64 "]}", wanted->offset);
  }
  bs_buffer_byte(json, ']');
  return requests;
}

static bool visit_collected(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct collecting *collecting = user;

  if (collecting->visit(collecting->user, block, fields, error)) return true;
  collecting->error = *error;
  return false;
}

/* What was handed out cannot be taken back: no other server, and no other link, may continue. */
static bool read_collected(void *user, struct bs_json result, struct bs_error *error) {
  struct collecting *collecting = user;
  struct wanted *wanted = &collecting->wanted[collecting->at++];
  size_t count = 0;
  bool more = false;

  collecting->servers->is_bound = true;
  collecting->answered++;
  if (collecting->has_ended) return true;
  if (bs_json_type(result) != BS_JSON_NULL && /* no such block: its operations will not hash to what they should */
      !bs_told_operations_read(&count, &more, &collecting->has_ended, result, wanted->block, visit_collected, collecting, error))
    return collecting->has_ended;
  wanted->offset += count;
  wanted->is_done = !more;
  return true;
}

static void miss_collected(void *user) {
  struct collecting *collecting = user;

  collecting->servers->is_bound = true;
  collecting->at++;
}

static void drop_done(struct collecting *collecting) {
  size_t left = 0;

  for (size_t i = 0; i < collecting->count; i++)
    if (!collecting->wanted[i].is_done) collecting->wanted[left++] = collecting->wanted[i];
  collecting->count = left;
}

bool bs_blockstored_operations_of(void *state, const uint64_t *blocks, size_t count, bs_visit_operation visit, void *user,
                                  struct bs_error *error) {
  struct wanted *wanted BS_AUTO_FREE = calloc(count, sizeof *wanted);
  struct collecting collecting = {.servers = &((struct bs_blockstored *)state)->servers, .wanted = wanted, .count = count,
                                  .visit = visit, .user = user};
  const struct bs_question question = {.read = read_collected, .user = &collecting, .write = write_collecting,
                                       .begin = begin_collecting, .missed = miss_collected};

  if (wanted == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < count; i++) wanted[i].block = blocks[i];
  while (collecting.count > 0) {
    if (!bs_servers_ask(collecting.servers, &question, error)) return false;
    if (collecting.has_ended) {
      *error = collecting.error;
      return false;
    }
    if (collecting.answered == 0)
      return bs_fail(error, BS_WORD_malformed, "The name server %s has no room in its replies for the operations of block %"
                     PRIu64 ".", collecting.servers->chosen->address.text, wanted[0].block);
    drop_done(&collecting);
  }
  return true;
}
