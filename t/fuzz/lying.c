/* SPDX-License-Identifier: MIT */
/*
 * Gets and puts through the public API, while the stores lie as the input says.  What is handed out was signed or put by the
 * owner, and no version is below one that was seen before; what fails hands out nothing, and says why.
 *
 * Of the input's first byte the low bits choose the configuration (lying.h), 04 lets the stores lie about URLs, too.  Then each
 * byte is a call of the table below, and whatever the stores are asked meanwhile takes the bytes behind it (lying-store.c).
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/json.h"
#include "t/fuzz/lying.h"

#define CALLS_MAX 10
#define SIGNED_MAX 128
#define TEXT_MAX 32

/* One version that the owner signed. */
struct version {
  char data_id[64]; /* its last part is the id */
  uint64_t ver;
  bool is_deleted;
  char text[TEXT_MAX];
};

static struct version versions[SIGNED_MAX];
static size_t version_count;

/* One input in progress. */
struct playing {
  const struct lying_world *world;
  const struct blockstore_config *config;
  struct blockstore *session;
  bool wrote; /* something in the owner's ledger may have changed */
  unsigned puts;
  struct seen {
    uint64_t ver;
    bool is_deleted;
    char text[TEXT_MAX]; /* "": not handed out yet */
  } seen[LYING_IDS];
};

void lying_signed(const char *data_id, uint64_t ver, const char *text) {
  struct version *version = &versions[version_count];

  if (version_count == SIGNED_MAX) return;
  *version = (struct version){.ver = ver, .is_deleted = text == NULL};
  PROMISED(strlen(data_id) < sizeof version->data_id && (text == NULL || strlen(text) < TEXT_MAX));
  snprintf(version->data_id, sizeof version->data_id, "%s", data_id);
  if (text != NULL) memcpy(version->text, text, strlen(text) + 1);
  version_count++;
}

/* ---- what must hold ---- */

static bool was_signed(const char *id, uint64_t ver, const char *text) {
  char tail[32];

  snprintf(tail, sizeof tail, ":" LYING_NAME ":%s", id);
  for (const struct version *version = versions; version < versions + version_count; version++)
    if (version->ver == ver && !version->is_deleted && strcmp(version->text, text) == 0 &&
        strcmp(version->data_id + 8, tail) == 0) /* behind the chain's eight digits */
      return true;
  return false;
}

/* Both or neither: a failure, and what it says. */
static bool is_done(enum blockstore_result result, struct blockstore_error **said) {
  struct blockstore_error *error = *said;

  *said = NULL;
  PROMISED((result == BLOCKSTORE_DONE) == (error == NULL));
  if (error == NULL) return true;
  PROMISED(blockstore_error_result(error) == result && blockstore_error_word(error)[0] != '\0');
  PROMISED(blockstore_error_message(error)[0] != '\0' && blockstore_error_document(error)[0] == '{');
  blockstore_error_free(error);
  return false;
}

static void check_document(const char *json) {
  static const struct bs_json_limits limits = {1 << 20, 32};
  struct bs_error error = {0};
  struct bs_json root;

  PROMISED(json != NULL && bs_json_scan(&root, json, strlen(json), &limits, &error));
}

static void check_version(struct seen *seen, const char *id, uint64_t ver, const char *text) {
  PROMISED(was_signed(id, ver, text));
  PROMISED(ver >= seen->ver && (ver > seen->ver || !seen->is_deleted));
  PROMISED(ver > seen->ver || seen->text[0] == '\0' || strcmp(seen->text, text) == 0);
  seen->ver = ver;
  seen->is_deleted = false;
  snprintf(seen->text, sizeof seen->text, "%s", text);
}

/* ---- calls ---- */

static void get_with(struct playing *playing, enum lying_id id, const struct blockstore_get_mutable_options *options) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_record *record = NULL;
  struct blockstore_error *said = NULL;
  size_t length = 4711;
  const char *bytes;
  uint64_t ver;

  if (is_done(blockstore_get_mutable(playing->session, output, &record, LYING_NAME, lying_ids[id], options, &said), &said)) {
    bytes = blockstore_output_bytes(output, &length);
    PROMISED(bytes != NULL && length == strlen(bytes) && blockstore_record_size(record) == length);
    ver = blockstore_record_ver(record);
    check_version(&playing->seen[id], lying_ids[id], ver, bytes);
    PROMISED(options == NULL || (ver >= options->ver_min && ver <= options->ver_max));
    check_document(blockstore_record_document(record));
  } else {
    PROMISED(record == NULL && blockstore_output_bytes(output, &length) == NULL);
  }
  blockstore_record_free(record);
  blockstore_output_free(output);
}

static void get_mutable(struct playing *playing, enum lying_id id) {
  get_with(playing, id, NULL);
}

static void get_many(struct playing *playing) {
  get_mutable(playing, LYING_MANY);
}

/* What the caller is asked about is verified already. */
static int wants(void *user, const struct blockstore_record *record, const void *data, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(data, length);

  (void)user;
  PROMISED(was_signed(lying_ids[LYING_MANY], blockstore_record_ver(record), text));
  return lying_next() % 2 == 0;
}

static void get_bounded(struct playing *playing) {
  struct blockstore_get_mutable_options options = BLOCKSTORE_GET_MUTABLE_INIT;
  unsigned how = lying_next();

  options.ver_min = how % 8;
  if ((how & 0x40) != 0) options.ver_max = how / 8 % 8;
  if ((how & 0x80) != 0) options.ver_check = wants;
  get_with(playing, LYING_MANY, &options);
}

static void get_few(struct playing *playing) {
  get_mutable(playing, LYING_FEW);
}

static void get_deleted(struct playing *playing) {
  get_mutable(playing, LYING_DELETED);
}

static void get_new(struct playing *playing) {
  get_mutable(playing, LYING_NEW);
}

static void get_immutable(struct playing *playing, size_t number) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_record *record = NULL;
  struct blockstore_error *said = NULL;
  const char *key = playing->world->keys[number], *text = playing->world->texts[number], *bytes;
  size_t length = 4711;

  if (is_done(blockstore_get_immutable(playing->session, output, &record, LYING_NAME, key, NULL, &said), &said)) {
    bytes = blockstore_output_bytes(output, &length);
    PROMISED(bytes != NULL && length == strlen(text) && memcmp(bytes, text, length) == 0);
    PROMISED(blockstore_record_size(record) == length);
  } else {
    PROMISED(record == NULL && blockstore_output_bytes(output, &length) == NULL);
  }
  blockstore_record_free(record);
  blockstore_output_free(output);
}

static void get_first(struct playing *playing) {
  get_immutable(playing, 0);
}

static void get_second(struct playing *playing) {
  get_immutable(playing, 1);
}

static struct blockstore_input *next_text(struct playing *playing, char text[TEXT_MAX]) {
  snprintf(text, TEXT_MAX, "put %u", playing->puts++);
  playing->wrote = true;
  return blockstore_input_from_memory(text, strlen(text));
}

static void put_mutable(struct playing *playing, enum lying_id id) {
  const struct blockstore_key *key = playing->world->key;
  struct seen *seen = &playing->seen[id];
  char text[TEXT_MAX];
  struct blockstore_input *input = next_text(playing, text);
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;

  lying_text = text;
  if (is_done(blockstore_put_mutable(playing->session, &receipt, LYING_NAME, lying_ids[id], input, key, NULL, &said), &said)) {
    PROMISED(blockstore_receipt_ver(receipt) > seen->ver);
    check_version(seen, lying_ids[id], blockstore_receipt_ver(receipt), text);
    check_document(blockstore_receipt_document(receipt));
  } else {
    PROMISED(receipt == NULL);
  }
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
}

static void put_many(struct playing *playing) {
  put_mutable(playing, LYING_MANY);
}

static void put_new(struct playing *playing) {
  put_mutable(playing, LYING_NEW);
}

static void put_immutable(struct playing *playing) {
  char text[TEXT_MAX];
  struct blockstore_input *input = next_text(playing, text);
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;

  if (is_done(blockstore_put_immutable(playing->session, &receipt, LYING_NAME, input, playing->world->key, NULL, &said), &said))
    check_document(blockstore_receipt_document(receipt));
  else PROMISED(receipt == NULL);
  blockstore_receipt_free(receipt);
  blockstore_input_free(input);
}

static void delete_many(struct playing *playing) {
  const struct blockstore_key *key = playing->world->key;
  const char *id = lying_ids[LYING_MANY];
  struct seen *seen = &playing->seen[LYING_MANY];
  struct blockstore_receipt *receipt = NULL;
  struct blockstore_error *said = NULL;

  playing->wrote = true;
  lying_text = NULL;
  if (is_done(blockstore_delete_mutable(playing->session, &receipt, LYING_NAME, id, key, NULL, &said), &said)) {
    uint64_t ver = blockstore_receipt_ver(receipt); /* 0: it was deleted already */

    PROMISED(ver == 0 || ver > seen->ver);
    if (ver > 0) *seen = (struct seen){.ver = ver, .is_deleted = true};
  } else {
    PROMISED(receipt == NULL);
  }
  blockstore_receipt_free(receipt);
}

static void ask(struct playing *playing, const char *method, const char *id) {
  const char *const arguments[] = {LYING_NAME, id};
  size_t count = id == NULL ? 1 : 2;
  struct blockstore_error *said = NULL;
  char *json = NULL;

  if (is_done(blockstore_call_method(playing->session, &json, method, arguments, count, NULL, &said), &said))
    check_document(json);
  else PROMISED(json == NULL);
  blockstore_free(json);
}

static void lookup(struct playing *playing) {
  ask(playing, "lookup", NULL);
}

static void explain(struct playing *playing) {
  ask(playing, "explain", lying_ids[LYING_MANY]);
}

static void open_session(struct playing *playing) {
  struct blockstore_error *said = NULL;

  blockstore_close(playing->session);
  playing->session = NULL;
  PROMISED(is_done(blockstore_session(playing->config, &playing->session, NULL, 0, &said), &said));
}

static void (*const calls[])(struct playing *playing) = {
    get_many, get_few, get_deleted, get_first, get_second, lookup,      open_session, put_many,
    get_many, put_new, get_new,     explain,   put_immutable, delete_many, get_bounded,
};

void bs_fuzz_lying(const uint8_t *bytes, size_t length) {
  struct playing playing = {.world = lying_world()};
  size_t kept = lying_kept(), known = version_count;
  unsigned mode = length == 0 ? 0 : bytes[0];

  playing.config = playing.world->configs[mode & 3];
  for (size_t i = 0; i < LYING_IDS && (mode & LYING_READER) == 0; i++) playing.seen[i].ver = playing.world->newest[i];
  lying_begin(bytes + (length > 0), length - (length > 0), (mode & 4) != 0);
  open_session(&playing);
  for (unsigned i = 0; i < CALLS_MAX && !lying_at_end(); i++) calls[lying_next() % (sizeof calls / sizeof calls[0])](&playing);
  blockstore_close(playing.session);
  lying_restore((mode & LYING_READER) != 0, playing.wrote || (mode & LYING_READER) == 0);
  lying_forget(kept);
  version_count = known;
}
