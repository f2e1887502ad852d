/* SPDX-License-Identifier: MIT */
/* The list of targets, for the fuzzers and for t/80-mutations.c. */
#include <config.h>

#include <string.h>

#include "t/fuzz/targets.h"

const struct bs_fuzz_target bs_fuzz_targets[] = {
    {"bitcoin-block", bs_fuzz_bitcoin_block, 10000, NULL},
    {"blocks", bs_fuzz_blocks, 20, NULL},
    {"config", bs_fuzz_config, 3000, "yaml"},
    {"dav-list", bs_fuzz_dav_list, 20000, NULL},
    {"encrypt", bs_fuzz_encrypt, 1000, NULL},
    {"entry", bs_fuzz_entry, 10000, "json"},
    {"exec", bs_fuzz_exec, 5000, "exec"},
    {"host", bs_fuzz_host, 3000, "host"},
    {"http", bs_fuzz_http, 20000, NULL},
    {"json", bs_fuzz_json, 20000, "json"},
    {"key", bs_fuzz_key, 3000, NULL},
    {"lockfile", bs_fuzz_lockfile, 3000, "json"},
    {"lying", bs_fuzz_lying, 40, NULL},
    {"metadata", bs_fuzz_metadata, 20000, "metadata"},
    {"mutable", bs_fuzz_mutable, 5000, "records"},
    {"netstring", bs_fuzz_netstring, 5000, NULL},
    {"note", bs_fuzz_note, 5000, NULL},
    {"operation", bs_fuzz_operation, 20000, NULL},
    {"payload", bs_fuzz_payload, 20000, NULL},
    {"proof", bs_fuzz_proof, 300, NULL},
    {"reply", bs_fuzz_reply, 10000, "json"},
    {"route", bs_fuzz_route, 3000, "records"},
    {"rpc", bs_fuzz_rpc, 1000, "json"},
    {"s3-answer", bs_fuzz_s3_answer, 20000, "s3"},
    {"s3-profile", bs_fuzz_s3_profile, 20000, NULL},
    {"s3-url", bs_fuzz_s3_url, 20000, NULL},
    {"text", bs_fuzz_text, 10000, NULL},
    {"transaction", bs_fuzz_transaction, 10000, NULL},
    {"url", bs_fuzz_url, 10000, NULL},
    {"user", bs_fuzz_user, 10000, "records"},
    {"values", bs_fuzz_values, 3000, "json"},
    {"yaml", bs_fuzz_yaml, 3000, "yaml"},
    {NULL, NULL, 0, NULL},
};

const struct bs_fuzz_target *bs_fuzz_find(const char *name) {
  for (const struct bs_fuzz_target *target = bs_fuzz_targets; target->name != NULL; target++)
    if (strcmp(target->name, name) == 0) return target;
  return NULL;
}

char *bs_fuzz_string(const uint8_t *bytes, size_t length) {
  char *text = malloc(length + 1);

  PROMISED(text != NULL);
  if (length > 0) memcpy(text, bytes, length);
  text[length] = '\0';
  return text;
}
