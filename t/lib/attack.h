/* SPDX-License-Identifier: MIT */
/* For attacks on mutable data through the public API: alice's data in a store that lies and in an honest one. */
#ifndef BS_T_ATTACK_H
#define BS_T_ATTACK_H

#include "core/client/session.h"
#include "core/codec/hex.h"
#include "core/state/floors.h"
#include "t/lib/client.h"
#include "t/lib/forge.h"

#define ID "/datum"
#define LIAR "stores: [{name: liar, driver: lying, root: liar}]\n"
#define GOOD "stores: [{name: good, driver: disk, root: good}]\n"
#define BOTH "stores: [{name: liar, driver: lying, root: liar}, {name: good, driver: disk, root: good}]\n"

/* ---- what the API does ---- */

static inline enum blockstore_result put_as(struct world *world, const struct blockstore_key *key, const char *id,
                                            const char *text,
                                            const struct blockstore_put_mutable_options *options,
                                            struct blockstore_error **error) {
  struct blockstore_input *input = blockstore_input_from_memory(text, strlen(text));
  enum blockstore_result result;

  assert_non_null(input);
  result = blockstore_put_mutable(world->session, NULL, NAME, id, input, key, options, error);
  blockstore_input_free(input);
  return result;
}

static inline void put_next(struct world *world, const char *id, const char *text) {
  assert_done(put_as(world, world->key, id, text, NULL, &error));
}

static inline void delete_datum(struct world *world, const char *id) {
  assert_done(blockstore_delete_mutable(world->session, NULL, NAME, id, world->key, NULL, &error));
}

/* What a get said. */
struct answer {
  enum blockstore_result result;
  char word[32];  /* "": done */
  char *document; /* of the error, or of the record with its data */
};

/* What is refused hands out nothing.  By end_answer. */
static inline struct answer ask(struct world *world, const char *id, const struct blockstore_get_mutable_options *options) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_record *record = NULL;
  struct blockstore_error *why = NULL;
  struct answer answer = {.word = ""};
  size_t length = 0;

  answer.result = blockstore_get_mutable(world->session, output, &record, NAME, id, options, &why);
  if (answer.result == BLOCKSTORE_DONE) {
    assert_done(blockstore_record_document_with_data(record, output, &answer.document, &error));
    assert_int_equal(blockstore_record_size(record), (blockstore_output_bytes(output, &length), length));
  } else {
    assert_null(record);
    assert_null(blockstore_output_bytes(output, &length));
    snprintf(answer.word, sizeof answer.word, "%s", blockstore_error_word(why));
    answer.document = strdup(blockstore_error_document(why));
  }
  blockstore_error_free(why);
  blockstore_record_free(record);
  blockstore_output_free(output);
  return answer;
}

static inline void end_answer(struct answer *answer) {
  free(answer->document);
}

/* what: for the reader of a failure. */
static inline void assert_answer(const struct answer *answer, const char *word, const char *text, const char *what) {
  if (strcmp(answer->word, word) != 0 || strstr(answer->document, text) == NULL)
    fail_msg("%s: \"%s\" and %s expected: %s", what, word, text, answer->document);
}

/* word "": the data must be `text`; else the document must hold it. */
static inline void assert_get_as(struct world *world, const char *id,
                                 const struct blockstore_get_mutable_options *options, const char *word,
                                 const char *text) {
  struct answer answer = ask(world, id, options);
  char *expected = NULL;

  assert_true(asprintf(&expected, word[0] == '\0' ? "\"data\": \"%s\"" : "%s", text) >= 0);
  assert_answer(&answer, word, expected, id);
  end_answer(&answer);
  free(expected);
}

#define assert_get(world, id, word, text) assert_get_as((world), (id), NULL, (word), (text))

/* Another reader of the same chain and stores, who has seen what PLACE/state_dir says; by close_world. */
static inline struct world open_elsewhere(const struct world *world, const char *state_dir, const char *stores) {
  struct world elsewhere = {.place = world->place, .key = world->key};
  char *text = NULL, *file;

  assert_true(asprintf(&text, "state_dir: %s\nnames: {ledger: state/ledger.db}\n%s", state_dir, stores) >= 0);
  write_file(world->place, "elsewhere.yaml", text, strlen(text));
  file = path_in(world->place, "elsewhere.yaml");
  assert_done(blockstore_get_config(&elsewhere.config, file, &error));
  assert_done(blockstore_session(elsewhere.config, &elsewhere.session, NULL, 0, &error));
  free(file);
  free(text);
  return elsewhere;
}

/* ---- what the enemy does ---- */

/* As if by somebody with the key, or without: what forge makes of that version. */
static inline struct forge forge_of(const struct world *world, const unsigned char chain[32], const char *id,
                                    uint64_t ver, const char *text) {
  return (struct forge){.datum = {chain, NAME, id}, .key = world->key->key, .ver = ver, .data = text, .length = strlen(text)};
}

static inline void chain_of(const struct world *world, unsigned char chain[32]) {
  struct bs_names_info info;
  struct bs_scope *scope;
  struct bs_error error = {0};

  assert_ok(bs_scope_open(&world->session->scopes, &scope, 10000, &error));
  assert_ok(bs_names_info(world->session->names, scope, &info, &error));
  bs_scope_close(scope);
  assert_true(bs_hex_decode(chain, 32, info.chain_id));
}

/* The file in which the liar keeps the datum, by free(). */
static inline char *file_of_liar(const struct world *world, const char *id) {
  unsigned char chain[32];
  struct bs_datum datum = {chain, NAME, id};
  struct bs_buffer data_id = BS_BUFFER_INIT;
  char name[512] = "liar/m";

  chain_of(world, chain);
  bs_data_id(&data_id, &datum);
  assert_true(data_id.length < 119);
  bs_hex_encode(name + strlen(name), data_id.bytes, data_id.length);
  bs_buffer_free(&data_id);
  return strdup(name);
}

static inline void give_liar(const struct world *world, const char *id, const void *bytes, size_t length) {
  char *file = file_of_liar(world, id);

  write_file(world->place, file, bytes, length);
  free(file);
}

static inline void read_liar(const struct world *world, const char *id, struct bs_buffer *bytes) {
  char *file = file_of_liar(world, id), *path = path_in(world->place, file);
  struct bs_error error = {0};

  assert_ok(bs_file_read(bytes, path, 1 << 20, &error));
  free(path);
  free(file);
}

/* Makes the fault of that version and gives it to the liar. */
static inline void give_forged(const struct world *world, const char *fault, const struct forge *of) {
  struct bs_buffer record = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(forge(&record, forge_fault_find(fault), of, &error));
  give_liar(world, of->datum.id, record.length == 0 ? (const void *)"" : record.bytes, record.length);
  bs_buffer_free(&record);
}

static inline void give_signed(const struct world *world, const char *id, uint64_t ver, uint64_t expires, const char *text) {
  unsigned char chain[32];
  struct forge of;

  chain_of(world, chain);
  of = forge_of(world, chain, id, ver, text);
  of.expires = expires;
  give_forged(world, "good", &of);
}

/* A record that was kept for later, by bs_buffer_free. */
static inline void give_kept(const struct world *world, const char *id, const struct bs_buffer *record) {
  give_liar(world, id, record->bytes, record->length);
}

/* ---- what must stay ---- */

/* The floor of alice's own versions; ver 0: none. */
static inline struct bs_seen floor_of(const struct world *world, const char *id) {
  unsigned char chain[32], signer[BS_HASH160_SIZE];
  const struct bs_datum datum = {chain, NAME, id};
  struct bs_recalled recalled;
  struct bs_error error = {0};

  chain_of(world, chain);
  bs_public_key_signer(signer, bs_key_public(world->key->key));
  assert_ok(bs_state_recall(world->session->state, NULL, &recalled, &datum, signer, &error));
  return recalled.has_version ? recalled.version : (struct bs_seen){.ver = 0};
}

/* The order does not count. */
static struct {
  unsigned char sum[BS_SHA256_SIZE];
  size_t files;
} digest_so_far;

static inline int digest_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  unsigned char digest[BS_SHA256_SIZE];
  struct bs_error error = {0};

  (void)where;
  if (kind != FTW_F) return 0;
  bs_buffer_format(&bytes, "%s %lld %lld ", path, (long long)status->st_mtim.tv_sec, (long long)status->st_mtim.tv_nsec);
  assert_ok(bs_file_read(&bytes, path, 64u << 20, &error));
  bs_sha256(digest, bytes.bytes, bytes.length);
  for (size_t i = 0; i < sizeof digest; i++) digest_so_far.sum[i] ^= digest[i];
  digest_so_far.files++;
  bs_buffer_free(&bytes);
  return 0;
}

/* Names, contents and times of all files of both stores. */
static inline void digest_stores(const struct world *world, unsigned char digest[BS_SHA256_SIZE]) {
  static const char *const roots[] = {"liar", "good"};

  memset(&digest_so_far, 0, sizeof digest_so_far);
  for (size_t i = 0; i < 2; i++) {
    char *path = path_in(world->place, roots[i]);

    assert_int_equal(nftw(path, digest_one, 16, FTW_PHYS), 0);
    free(path);
  }
  assert_true(digest_so_far.files > 2);
  memcpy(digest, digest_so_far.sum, BS_SHA256_SIZE);
}

/* Alice owns NAME, and both stores are open. */
static inline void begin_attack(struct world *world) {
  make_directory(world->place, "liar", 0755);
  open_with_name(world, BOTH);
}

#endif
