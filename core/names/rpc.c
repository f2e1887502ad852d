/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/names/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/names/link.h"

#define QUOTED_MAX 400 /* bytes of a server's sentence that are told */

void bs_reply_free(struct bs_reply *reply) {
  bs_buffer_free(&reply->bytes);
}

/* The replies come in the order of the requests, so their ids are of no use but in a server's log. */
void bs_request_write(struct bs_buffer *json, const char *method, const char *params) {
  bs_buffer_text(json, "{\"id\": \"blockstore\", \"method\": \"");
  bs_buffer_text(json, method);
  bs_buffer_text(json, "\", \"params\": [");
  bs_buffer_text(json, params);
  bs_buffer_text(json, "], \"version\": \"2.0\"}");
}

/* At most QUOTED_MAX bytes, cut between characters; what is no string is told as the text it is. */
static void add_quoted(struct bs_buffer *text, struct bs_json value) {
  size_t end;

  if (bs_json_type(value) == BS_JSON_STRING)
    bs_json_string(value, text);
  else
    bs_buffer_add(text, value.text, value.length);
  if (text->length <= QUOTED_MAX) return;
  for (end = QUOTED_MAX; end > 0 && (text->bytes[end] & 0xc0) == 0x80; end--) continue;
  text->length = end;
  bs_buffer_text(text, "...");
}

static bool fail_quoting(struct bs_error *error, enum bs_word word, const char *sentence, struct bs_json value) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  add_quoted(&text, value);
  if (bs_buffer_string(&text) == NULL) return bs_fail_memory(error);
  return bs_fail(error, word, "%s%s", sentence, bs_buffer_string(&text));
}

static bool read_fault(struct bs_json root, struct bs_error *error) {
  struct bs_json said;

  if (!bs_json_find(root, "fault", &said)) return bs_fail(error, BS_WORD_malformed, "sent neither a result nor a fault");
  (void)bs_json_find(root, "faultString", &said);
  return fail_quoting(error, BS_WORD_no_names, "does not know what was asked, or could not do it: ", said);
}

static enum bs_word word_of(struct bs_json code) {
#define BS_WORD_READ_(word, result) \
  if (bs_json_string_is(code, #word, strlen(#word))) return BS_WORD_##word;
  BS_WORDS(BS_WORD_READ_)
#undef BS_WORD_READ_
  return BS_WORD_failed;
}

/* What is wrong with a server is no answer to the question. */
static bool is_answer(enum bs_word word) {
  enum blockstore_result result = bs_word_result(word);

  return result != BLOCKSTORE_ERROR && result != BLOCKSTORE_TOO_FEW && result != BLOCKSTORE_NO_NAMES &&
         result != BLOCKSTORE_CANCELLED && word != BS_WORD_corrupt && word != BS_WORD_config && word != BS_WORD_driver &&
         word != BS_WORD_key;
}

static bool read_error(struct bs_reply *reply, struct bs_json said, struct bs_error *error) {
  struct bs_json code = {"null", 4};
  enum bs_word word;

  (void)bs_json_find(reply->result, "code", &code);
  word = word_of(code);
  reply->is_answer = is_answer(word);
  return fail_quoting(error, reply->is_answer ? word : BS_WORD_no_names, "says: ", said);
}

static bool scan(const struct bs_reply *reply, struct bs_json *ret_root, struct bs_error *error) {
  static const struct bs_json_limits limits = {BS_LINK_REPLY_MAX, 16};

  if (bs_json_scan(ret_root, reply->bytes.bytes, reply->bytes.length, &limits, error)) return true;
  if (error->word == BS_WORD_no_memory) return false;
  error->word = BS_WORD_malformed;
  return bs_context(error, "sent an answer that is no JSON");
}

static bool read_one(struct bs_reply *reply, struct bs_json root, struct bs_error *error) {
  struct bs_json other, said;
  struct bs_json_iterator items;

  reply->is_answer = false;
  if (bs_json_type(root) == BS_JSON_OBJECT) return read_fault(root, error);
  items = bs_json_begin(root);
  if (bs_json_type(root) != BS_JSON_ARRAY || !bs_json_next_item(&items, &reply->result) || bs_json_next_item(&items, &other))
    return bs_fail(error, BS_WORD_malformed, "sent what is not one result");
  if (bs_json_type(reply->result) == BS_JSON_OBJECT && bs_json_find(reply->result, "error", &said))
    return read_error(reply, said, error);
  reply->is_answer = true;
  return true;
}

bool bs_reply_read(struct bs_reply *reply, struct bs_error *error) {
  struct bs_json root;

  reply->is_answer = false;
  return scan(reply, &root, error) && read_one(reply, root, error);
}

static bool fail_batch(struct bs_reply *reply, struct bs_error *error) {
  reply->is_answer = false;
  return bs_fail(error, BS_WORD_malformed, "sent what is not as many results as it was asked for");
}

static bool read_next(struct bs_reply *reply, struct bs_json item, bs_read_result read, void (*missed)(void *user), void *user,
                      struct bs_error *error) {
  if (!read_one(reply, item, error)) {
    if (missed == NULL || !reply->is_answer || error->word != BS_WORD_too_large) return false;
    *error = (struct bs_error){0};
    missed(user);
    return true;
  }
  if (read(user, reply->result, error)) return true;
  reply->is_answer = false;
  return false;
}

bool bs_reply_read_batch(struct bs_reply *reply, size_t count, bs_read_result read, void (*missed)(void *user), void *user,
                         struct bs_error *error) {
  struct bs_json root, item;
  struct bs_json_iterator items;
  size_t found = 0;

  reply->is_answer = false;
  if (!scan(reply, &root, error)) return false;
  if (bs_json_type(root) == BS_JSON_OBJECT) return read_fault(root, error);
  items = bs_json_begin(root);
  for (; bs_json_type(root) == BS_JSON_ARRAY && bs_json_next_item(&items, &item); found++) {
    if (found == count) return fail_batch(reply, error);
    if (!read_next(reply, item, read, missed, user, error)) return false;
  }
  return found == count || fail_batch(reply, error);
}
