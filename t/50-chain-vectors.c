/* SPDX-License-Identifier: MIT */
/* Inputs of transactions by their vectors: the one script that is taken, and all others that say the same. */
#include <config.h>

#include "core/chain/transaction.h"
#include "t/lib/vectors.h"

static void write_again(const struct vector *vector, const struct bs_transaction *transaction) {
  struct bs_buffer raw BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_transaction_write(&raw, transaction);
  vector_is(vector, "transaction", raw.bytes, raw.length);
}

static void assert_whole(const unsigned char *raw, size_t length) {
  struct bs_transaction transaction;
  struct bs_error error = {0};

  for (size_t cut = 0; cut < length; cut++) {
    unsigned char *block BS_AUTO_FREE = malloc(cut > 0 ? cut : 1);

    assert_non_null(block);
    memcpy(block, raw, cut);
    assert_fails(bs_transaction_parse(&transaction, block, cut, &error), BS_WORD_malformed, "The transaction ");
  }
}

static bool read_transaction(struct bs_transaction *transaction, const struct vector *vector, const unsigned char *raw,
                             size_t length) {
  struct bs_error error = {0};
  bool is_malformed = !vector->is_valid && strcmp(vector_text(vector, "fault"), "malformed") == 0;
  bool good = bs_transaction_parse(transaction, raw, length, &error);

  assert_int_equal(good, !is_malformed);
  if (!good) assert_int_equal(error.word, BS_WORD_malformed);
  return good;
}

static bool reads_input(const struct vector *vector) {
  size_t length, script_length, number = (size_t)vector_find(vector, "input")->valueint;
  unsigned char *raw BS_AUTO_FREE = vector_bytes(vector, "transaction", &length);
  unsigned char *script BS_AUTO_FREE = vector_bytes(vector, "script", &script_length);
  struct bs_transaction transaction BS_AUTO(bs_transaction_free) = {.version = 0};
  struct bs_error error = {0};

  if (!read_transaction(&transaction, vector, raw, length)) return false;
  write_again(vector, &transaction);
  if (!bs_transaction_check_input(&transaction, number, script, script_length, &error)) {
    assert_int_equal(error.word, BS_WORD_forged);
    return false;
  }
  assert_whole(raw, length);
  return true;
}

static void inputs_that_spend_p2pkh(void **state) {
  const struct vector_kind kinds[] = {{"P2pkhInput", reads_input}};

  (void)state;
  vectors_run("encoding/p2pkh-input.json", kinds, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inputs_that_spend_p2pkh),
  };

  return RUN_TESTS(tests);
}
