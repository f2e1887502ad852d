/* SPDX-License-Identifier: MIT */
/* What a server of names answers. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/names/entry-json.h"
#include "t/fuzz/targets.h"

static const struct bs_json_limits limits = {1u << 16, 8};

static struct bs_json scan_again(struct bs_buffer *json) {
  struct bs_error error = {0};
  struct bs_json root;

  PROMISED(bs_buffer_string(json) != NULL);
  PROMISED(bs_json_scan(&root, json->bytes, json->length, &limits, &error));
  return root;
}

static void fuzz_name(struct bs_json root) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry entry, again;
  struct bs_error error = {0};

  if (!bs_name_from_json(&entry, root, &error)) return;
  PROMISED(bs_fee_satoshis(entry.op_fee) <= INT64_MAX);
  bs_name_to_json(&json, &entry);
  PROMISED(bs_name_from_json(&again, scan_again(&json), &error));
  PROMISED(memcmp(&entry, &again, sizeof entry) == 0);
}

static void fuzz_namespace(struct bs_json root) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_namespace_entry entry, again;
  struct bs_error error = {0};

  if (!bs_namespace_from_json(&entry, root, &error)) return;
  PROMISED(bs_price_to_pay(&entry.rules, "foo.test") <= INT64_MAX);
  bs_namespace_to_json(&json, &entry);
  PROMISED(bs_namespace_from_json(&again, scan_again(&json), &error));
  PROMISED(memcmp(&entry, &again, sizeof entry) == 0);
}

static void fuzz_preorder(struct bs_json root) {
  struct bs_buffer json BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_preorder_entry entry, again;
  struct bs_error error = {0};

  if (!bs_preorder_from_json(&entry, root, &error)) return;
  PROMISED(bs_preorder_quantity(&entry) >= 1);
  bs_preorder_to_json(&json, &entry);
  PROMISED(bs_preorder_from_json(&again, scan_again(&json), &error));
  PROMISED(memcmp(&entry, &again, sizeof entry) == 0);
}

void bs_fuzz_entry(const uint8_t *bytes, size_t length) {
  struct bs_error error = {0};
  struct bs_json root;

  if (!bs_json_scan(&root, bytes, length, &limits, &error)) return;
  fuzz_name(root);
  fuzz_namespace(root);
  fuzz_preorder(root);
}
