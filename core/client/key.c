/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdlib.h>

#include "core/client/session.h"

/* Takes the key, whatever the result. */
static bool wrap(struct blockstore_key **ret_key, struct bs_key *key, struct bs_error *error) {
  struct blockstore_key *wrapped = calloc(1, sizeof *wrapped);

  if (wrapped == NULL) {
    bs_key_free(key);
    return bs_fail_memory(error);
  }
  wrapped->key = key;
  bs_key_address(wrapped->addresses[BS_NETWORK_MAIN], key, BS_NETWORK_MAIN);
  bs_key_address(wrapped->addresses[BS_NETWORK_TEST], key, BS_NETWORK_TEST);
  *ret_key = wrapped;
  return true;
}

enum blockstore_result blockstore_key_generate(struct blockstore_key **ret_key, struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  struct bs_key *key;

  return bs_report_end(&report, bs_key_generate(&key, &report.error) && wrap(ret_key, key, &report.error), error);
}

enum blockstore_result blockstore_key_from_file(struct blockstore_key **ret_key, const char *file,
                                                struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  struct bs_key *key;
  bool good = bs_key_from_file(&key, file, &report.error);

  if (!good && report.error.word == BS_WORD_not_found) /* that result is for names and data */
    bs_fail(&report.error, BS_WORD_key, "%s: There is no such file with a key.", file);
  return bs_report_end(&report, good && wrap(ret_key, key, &report.error), error);
}

enum blockstore_result blockstore_key_from_text(struct blockstore_key **ret_key, const char *text, size_t length,
                                                struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  struct bs_key *key;

  return bs_report_end(&report, bs_key_from_text(&key, text, length, &report.error) && wrap(ret_key, key, &report.error), error);
}

enum blockstore_result blockstore_key_write(const struct blockstore_key *key, const char *file, enum blockstore_network network,
                                            struct blockstore_error **error) {
  struct bs_report report = BS_REPORT_INIT;
  enum bs_network of = network == BLOCKSTORE_NETWORK_TEST ? BS_NETWORK_TEST : BS_NETWORK_MAIN;

  return bs_report_end(&report, bs_key_to_file(key->key, file, of, &report.error), error);
}

const char *blockstore_key_address(const struct blockstore_key *key, enum blockstore_network network) {
  return key->addresses[network == BLOCKSTORE_NETWORK_TEST ? BS_NETWORK_TEST : BS_NETWORK_MAIN];
}

void blockstore_key_free(struct blockstore_key *key) {
  if (key == NULL) return;
  bs_key_free(key->key);
  free(key);
}
