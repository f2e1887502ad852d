/* SPDX-License-Identifier: MIT */
/* Operations on namespaces, and those that change no name: announcements, transactions that were made before. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/client/methods.h"
#include "core/codec/hex.h"
#include "core/driver/value.h"

static bool answer(struct bs_method_call *call, struct bs_name_receipt *receipt) {
  bs_document_text(call->answer, "namespace", call->arguments[0]);
  return bs_method_receipt(call, receipt);
}

bool bs_method_namespace_preorder(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);
  struct bs_error *error = bs_method_error(call);

  return bs_method_make_directory(call) &&
         bs_names_namespace_preorder(bs_method_names(call), call->work->scope, &receipt, call->arguments[0],
                                     call->arguments[1], &operation, error) &&
         answer(call, &receipt);
}

/* ---- the rules of a namespace, as arguments ---- */

/* What a reveal says that is told nothing: prices and lifetime as those of `id` on Bitcoin. */
static const struct bs_namespace_rules usual = {.lifetime = 52595,
                                                .coeff = 250,
                                                .base = 4,
                                                .buckets = {6, 5, 4, 3, 2, 1},
                                                .nonalpha_discount = 10,
                                                .no_vowel_discount = 10};

/* A small number within bounds; not given: it stays. */
static bool take_small(const struct bs_method_call *call, uint8_t *number, size_t argument, const char *what,
                       uint64_t least, uint64_t most) {
  uint64_t value = *number;

  if (!bs_method_number(call, &value, argument, what)) return false;
  if (value < least || value > most)
    return bs_fail(bs_method_error(call), BS_WORD_usage, "%s is %d to %d, not %s.", what, (int)least, (int)most,
                   call->arguments[argument]);
  *number = (uint8_t)value;
  return true;
}

static bool take_lifetime(const struct bs_method_call *call, uint32_t *lifetime, size_t argument) {
  uint64_t value = *lifetime;

  if (call->arguments[argument] != NULL && strcmp(call->arguments[argument], "infinite") == 0) {
    *lifetime = BS_LIFETIME_INFINITE;
    return true;
  }
  if (!bs_method_number(call, &value, argument, "The lifetime")) return false;
  if (value < 1 || value >= BS_LIFETIME_INFINITE)
    return bs_fail(bs_method_error(call), BS_WORD_usage, "The lifetime is 1 to %u blocks, or infinite, not %s.",
                   (unsigned)BS_LIFETIME_INFINITE - 1, call->arguments[argument]);
  *lifetime = (uint32_t)value;
  return true;
}

/* One exponent, 0 to 15, and what ends it. */
static bool take_exponent(uint8_t *exponent, const char **at, char end) {
  unsigned value = 0;
  const char *digits = *at;

  while (**at >= '0' && **at <= '9' && value < 16) value = value * 10 + (unsigned)(*(*at)++ - '0');
  if (*at == digits || value > 15 || **at != end) return false;
  if (end != '\0') ++*at;
  *exponent = (uint8_t)value;
  return true;
}

static bool take_buckets(const struct bs_method_call *call, uint8_t buckets[BS_BUCKETS], size_t argument) {
  const char *at = call->arguments[argument];

  if (at == NULL) return true;
  for (size_t i = 0; i < BS_BUCKETS; i++)
    if (!take_exponent(&buckets[i], &at, i + 1 < BS_BUCKETS ? ',' : '\0'))
      return bs_fail(bs_method_error(call), BS_WORD_usage,
                     "The buckets are %d exponents of 0 to 15 with commas between them, which this is not: %s",
                     BS_BUCKETS, call->arguments[argument]);
  return true;
}

static bool take_rules(const struct bs_method_call *call, struct bs_namespace_rules *rules) {
  *rules = usual;
  return take_lifetime(call, &rules->lifetime, 2) &&
         take_small(call, &rules->coeff, 3, "The coefficient", 0, UINT8_MAX) &&
         take_small(call, &rules->base, 4, "The base", 0, UINT8_MAX) && take_buckets(call, rules->buckets, 5) &&
         take_small(call, &rules->nonalpha_discount, 6, "The nonalpha discount", 1, 15) &&
         take_small(call, &rules->no_vowel_discount, 7, "The no-vowel discount", 1, 15);
}

static void add_rules(cJSON *object, const struct bs_namespace_rules *rules) {
  cJSON *buckets = bs_document_array(object, "buckets");

  for (size_t i = 0; i < BS_BUCKETS; i++) bs_document_append(buckets, cJSON_CreateNumber(rules->buckets[i]));
  bs_document_number(object, "lifetime", rules->lifetime);
  bs_document_number(object, "coeff", rules->coeff);
  bs_document_number(object, "base", rules->base);
  bs_document_number(object, "nonalpha_discount", rules->nonalpha_discount);
  bs_document_number(object, "no_vowel_discount", rules->no_vowel_discount);
}

bool bs_method_namespace_reveal(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);
  struct bs_namespace_rules rules;

  if (!take_rules(call, &rules) ||
      !bs_names_namespace_reveal(bs_method_names(call), call->work->scope, &receipt, call->arguments[0],
                                 call->arguments[1], &rules, &operation, bs_method_error(call)))
    return false;
  add_rules(call->answer, &rules);
  return answer(call, &receipt);
}

bool bs_method_namespace_ready(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);

  return bs_names_namespace_ready(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], &operation,
                                  bs_method_error(call)) &&
         answer(call, &receipt);
}

bool bs_method_name_import(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);

  if (!bs_names_import(bs_method_names(call), call->work->scope, &receipt, call->arguments[0], call->arguments[1],
                       call->arguments[2], &operation, bs_method_error(call)))
    return false;
  bs_document_text(call->answer, "name", call->arguments[0]);
  bs_document_text(call->answer, "value_hash", call->arguments[2]);
  return bs_method_receipt(call, &receipt);
}

/* ---- announcements ---- */

bool bs_method_announce(struct bs_method_call *call) {
  struct bs_name_receipt receipt = BS_NAME_RECEIPT_INIT;
  const struct bs_name_operation operation = bs_method_operation(call);
  const char *message = call->arguments[0];
  unsigned char hash[BS_HASH160_SIZE];
  char text[2 * BS_HASH160_SIZE + 1];

  if (*message == '\0')
    return bs_fail(bs_method_error(call), BS_WORD_usage, "There is no message to announce: it is empty.");
  if (strlen(message) != 2 * sizeof hash || !bs_hex_decode_any_case(hash, sizeof hash, message))
    bs_hash160(hash, message, strlen(message));
  bs_hex_encode(text, hash, sizeof hash);
  if (!bs_names_announce(bs_method_names(call), call->work->scope, &receipt, hash, &operation, bs_method_error(call)))
    return false;
  bs_document_text(call->answer, "message_hash", text);
  return bs_method_receipt(call, &receipt);
}

/* ---- transactions that were made before ---- */

bool bs_method_broadcast_transaction(struct bs_method_call *call) {
  struct bs_name_broadcast broadcast;

  if (!bs_names_broadcast(bs_method_names(call), call->work->scope, &broadcast, call->arguments[0],
                          call->options->dry_run != 0, bs_method_error(call)))
    return false;
  bs_document_text(call->answer, "txid", broadcast.txid);
  bs_document_number(call->answer, "block", broadcast.block);
  bs_document_text(call->answer, "operation",
                   !broadcast.is_operation ? "none" : broadcast.is_accepted ? "accepted" : "refused");
  bs_document_text(call->answer, "reason", broadcast.reason);
  return true;
}
