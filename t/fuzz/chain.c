/* SPDX-License-Identifier: MIT */
/* What stands on the chain: transactions, payloads, and the operations that the index keeps. */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/chain/entry-read.h"
#include "core/chain/transaction.h"
#include "core/chain/wire.h"
#include "t/fuzz/targets.h"

void bs_fuzz_transaction(const uint8_t *bytes, size_t length) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT, whole BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_transaction transaction, again;
  struct bs_error error = {0};
  unsigned char digest[BS_SHA256_SIZE];

  if (!bs_transaction_parse(&transaction, bytes, length, &error)) return;
  bs_transaction_write(&written, &transaction);
  PROMISED(bs_transaction_parse(&again, written.bytes, written.length, &error));
  PROMISED(memcmp(transaction.txid, again.txid, sizeof again.txid) == 0);
  bs_transaction_write_whole(&whole, &transaction);
  PROMISED(whole.length == length && memcmp(whole.bytes, bytes, length) == 0);
  for (size_t i = 0; i < transaction.input_count && i < 4; i++) {
    if (length >= BS_HASH160_SIZE) (void)bs_transaction_witness_digest(digest, &transaction, i, bytes, length, &error);
    (void)bs_transaction_digest(digest, &transaction, i, bytes, length < 25 ? length : 25, &error);
    (void)bs_transaction_check_input(&transaction, i, bytes, length < 25 ? length : 25, &error);
  }
  bs_transaction_free(&again);
  bs_transaction_free(&transaction);
}

void bs_fuzz_payload(const uint8_t *bytes, size_t length) {
  static const unsigned char magic[2] = {'i', 'd'};
  unsigned char payload[BS_PAYLOAD_MAX], again[BS_PAYLOAD_MAX];
  struct bs_operation operation;
  size_t written;
  struct bs_error error = {0};
  unsigned char hash[BS_HASH160_SIZE];

  (void)bs_script_classify(hash, bytes, length);
  if (!bs_operation_parse(&operation, magic, bytes, length, &error)) return;
  PROMISED(strlen(operation.name) <= BS_NAME_MAX);
  written = bs_operation_write(payload, magic, &operation);
  PROMISED(written <= length && bs_operation_parse(&operation, magic, payload, written, &error));
  PROMISED(bs_operation_write(again, magic, &operation) == written && memcmp(again, payload, written) == 0);
}

/* What a proof takes for an entry is serialised to the very bytes. */
static void read_back(const struct bs_fields *fields, const uint8_t *bytes, size_t length) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_name_entry name;
  struct bs_entry_context context;
  struct bs_namespace_entry name_space;
  struct bs_error error = {0};

  bs_fields_write(&written, fields);
  PROMISED(written.length <= length);
  if (bs_name_from_operation(&name, &context, fields, bytes, length, &error)) {
    PROMISED(memcmp(written.bytes, bytes, length) == 0 && context.opcode == fields->opcode);
    PROMISED(strlen(name.name) <= BS_NAME_MAX);
  }
  if (bs_namespace_from_operation(&name_space, fields, bytes, length, &error)) {
    PROMISED(memcmp(written.bytes, bytes, length) == 0 && strlen(name_space.id) <= BS_NAMESPACE_MAX);
  }
}

void bs_fuzz_operation(const uint8_t *bytes, size_t length) {
  struct bs_fields fields;
  struct bs_error error = {0};
  const char *at = (const char *)bytes + 1;

  if (!bs_fields_read(&fields, bytes, length, &error)) return;
  PROMISED(fields.count > 0 && fields.count <= BS_FIELDS_MAX);
  for (size_t i = 0; i < fields.count; i++) {
    PROMISED(fields.items[i].value > at);
    at = fields.items[i].value + fields.items[i].length;
  }
  PROMISED(at == (const char *)bytes + length);
  read_back(&fields, bytes, length);
}
